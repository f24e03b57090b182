// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// Why a client ended.
public struct EndReason: Hashable, Sendable, CustomStringConvertible {
    /// A stable code without blanks, for labels, totals and logs: `peer_finished`.
    public let code: String
    /// More about this end; nil when the code says all.
    public let detail: String?

    private init(_ code: String, _ detail: String? = nil) {
        self.code = code
        self.detail = detail
    }

    /// The reason as people read it: `peer finished`, `handler failed: read from 10.0.0.1:80: connection reset by peer`.
    ///
    /// Text that a peer may have written is escaped.
    public var description: String {
        let words = code.split(separator: "_").joined(separator: " ")
        return detail.map { "\(words): \(EscapedText($0))" } ?? words
    }

    /// The peer finished sending, was answered in full, and the handler returned.
    public static let peerFinished = EndReason("peer_finished")
    /// The handler returned while the peer could still send.
    public static let handlerFinished = EndReason("handler_finished")
    /// The peer reset the connection.
    public static let peerReset = EndReason("peer_reset")
    /// The peer or the path to it no longer answers.
    public static let timedOut = EndReason("timed_out")
    /// The peer sent nothing for the idle timeout.
    public static let idleTimeout = EndReason("idle_timeout")
    /// The peer took nothing for the write timeout.
    public static let writeTimeout = EndReason("write_timeout")
    /// The client reached its maximum age.
    public static let maximumAge = EndReason("maximum_age")
    /// The server drained: the client sent nothing for 100 ms, and got every byte due to it, then FIN.
    public static let drained = EndReason("drained")
    /// The client had not finished at the cut-off of the drain, or the server had to end at once.
    public static let cutOff = EndReason("cut_off")
    /// ``Server/disconnect(client:)`` ended it.
    public static let disconnected = EndReason("disconnected")

    /// A task of the handler was cancelled while it read or wrote, and the handler threw that error.
    public static let cancelled = EndReason("cancelled")

    /// A limit refused the client; the detail says which one.
    public static func overLimit(_ detail: String) -> EndReason { EndReason("over_limit", detail) }

    /// The system had no thread for the client; the detail says why.
    public static func noThread(_ detail: String) -> EndReason { EndReason("no_thread", detail) }

    /// The handler threw an error that is not about the client's own connection; the detail is its text.
    public static func handlerFailed(_ detail: String) -> EndReason { EndReason("handler_failed", detail) }
}

extension EndReason {
    /// Why a client ended, judged by its handler.
    ///
    /// - Parameters:
    ///   - handlerError: what the handler threw; nil when it returned.
    ///   - connection: the client's connection. An error of another connection, such as an upstream, is a failure of
    ///     the handler.
    init(handlerError: (any Error)?, connection: ConnectionID, peerHasFinished: Bool) {
        guard let handlerError else {
            self = peerHasFinished ? .peerFinished : .handlerFinished
            return
        }
        guard let error = handlerError as? NitkaError, error.connection == connection,
            let reason = Self.reason(of: error.reason)
        else {
            self = .handlerFailed("\(handlerError)")
            return
        }
        self = reason
    }

    private static func reason(of reason: NitkaError.Reason) -> EndReason? {
        switch reason {
        case .idleTimeout: .idleTimeout
        case .writeTimeout: .writeTimeout
        case .maximumAge: .maximumAge
        case .cancelled: .cancelled
        case .system(.timedOut): .timedOut
        default: reason.isReset ? .peerReset : nil
        }
    }

    /// A graceful close would save no byte, or the client must not delay the server.
    var closesAtOnce: Bool {
        [.peerReset, .timedOut, .writeTimeout, .disconnected].contains(self) || code == "over_limit"
    }
}
