// SPDX-License-Identifier: Apache-2.0

/// Why a client's time with the server ended.
public enum EndReason: Hashable, Sendable, CustomStringConvertible {
    /// The peer finished sending, was answered in full, and the handler returned.
    case peerFinished
    /// The handler returned while the peer could still have sent.
    case handlerFinished
    /// The peer tore the connection down.
    case peerReset
    /// The peer sent nothing for the idle time.
    case idle
    /// The peer took nothing for the write time.
    case writeStalled
    /// The client reached the greatest age.
    case tooOld
    /// The server was full, or had too many of the client's source; the text says which.
    case overLimit(String)
    /// No thread could be made for it; the text says why.
    case noThread(String)
    /// The server drained; the client was quiet, had everything back, and was sent the end of the stream.
    case drained
    /// The server's time to drain was over, or it was told to end at once, while the client was still at work.
    case cutOff
    /// Ended by ``Server/end(client:)``.
    case ended
    /// The handler threw something else; the text is the error's own, and may hold what the peer sent.
    case handlerFailed(String)

    /// The reason in a few words; escaped where a stranger may have had a hand in them.
    public var description: String {
        switch self {
        case .overLimit(let which): "\(kind): \(which)"
        case .noThread(let why): "\(kind): \(why)"
        case .handlerFailed(let text): "\(kind): \(EscapedText(text))"
        default: kind
        }
    }

    /// The reason without its details: what totals are counted by.
    public var kind: String {
        switch self {
        case .peerFinished: "peer finished"
        case .handlerFinished: "handler finished"
        case .peerReset: "peer reset"
        case .idle: "idle"
        case .writeStalled: "write stalled"
        case .tooOld: "too old"
        case .overLimit: "over limit"
        case .noThread: "no thread"
        case .drained: "drained"
        case .cutOff: "cut off"
        case .ended: "ended"
        case .handlerFailed: "handler failed"
        }
    }

    /// What a handler's own end says: it returned, or it threw.
    init(of error: (any Error)?, peerHasFinished: Bool) {
        guard let error else {
            self = peerHasFinished ? .peerFinished : .handlerFinished
            return
        }
        switch (error as? NitkaError)?.reason {
        case .some(.idle): self = .idle
        case .some(.stalled): self = .writeStalled
        case .some(.tooLong): self = .tooOld
        case .some(let reason) where reason.isReset: self = .peerReset
        default: self = .handlerFailed("\(error)")
        }
    }
}
