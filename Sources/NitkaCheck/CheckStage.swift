// SPDX-License-Identifier: Apache-2.0

/// One of the questions that a check asks about a path, in their order.
public enum CheckStage: String, CaseIterable, Sendable {
    /// Does the name have addresses?
    case resolve
    /// Does an address take connections?
    case connect
    /// Do messages of many sizes come back, and every value of a byte?
    case echo
    /// Do megabytes come back unharmed, both directions streaming at once?
    case integrity
    /// Does everything come back, and then the end, when the client has ended its sending side (RFC 9293 section 3.6)?
    case halfClose = "half-close"
    /// Are many clients served at the same time?
    case together
    /// Does each of many clients get its own bytes alone?
    case crossTalk = "cross-talk"
    /// Does a silent connection survive?
    case idle
    /// Is a connection ended with a FIN, rather than with a reset?
    case close

    /// The stages without which a later one can't be judged; what a failed ``echo`` leaves is up to how far it came.
    var needs: [CheckStage] {
        switch self {
        case .resolve: []
        case .connect: [.resolve]
        case .echo: [.resolve, .connect]
        case .crossTalk: [.resolve, .connect, .together]
        default: [.resolve, .connect]
        }
    }
}
