// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// A failure on the network: the operation, the address and the cause, which read as one sentence:
/// `listen on 127.0.0.1:7007: address already in use`.
public struct NitkaError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The operation, as the sentence begins: `listen on`, `read from`.
    public let operation: String
    /// The address or the name of the operation.
    public let address: String
    /// Why it failed.
    public let reason: Reason
    /// The connection that failed; nil when there was none yet.
    public let connection: ConnectionID?

    /// `operation address: reason`.
    public var description: String { "\(operation) \(address): \(reason)" }

    init(_ operation: String, _ address: String, _ reason: Reason, connection: ConnectionID? = nil) {
        self.operation = operation
        self.address = address
        self.reason = reason
        self.connection = connection
    }
}

extension NitkaError {
    /// Why an operation failed.
    public struct Reason: Hashable, Sendable, CustomStringConvertible {
        enum Kind: Hashable {
            case system(Errno)
            case words(String)
        }

        let kind: Kind

        /// The reason in words, in lower case.
        public var description: String {
            switch kind {
            case .system(let errno): errno.description
            case .words(let words): words
            }
        }

        /// The errno of the system call that failed; nil where no call did.
        public var code: Int32? {
            if case .system(let errno) = kind { errno.code } else { nil }
        }

        /// Nothing arrived for the connection's ``Connection/idleTimeout``.
        public static let idleTimeout = Reason(kind: .words("nothing arrived within the idle timeout"))
        /// The peer took nothing for the connection's ``Connection/writeTimeout``.
        public static let writeTimeout = Reason(kind: .words("the peer took nothing within the write timeout"))
        /// The connection reached its ``Limits/maximumAge``.
        public static let maximumAge = Reason(kind: .words("the connection reached its maximum age"))
        /// The connection was closed on this side.
        public static let closed = Reason(kind: .words("the connection is closed on this side"))
        /// The task that waited was cancelled.
        public static let cancelled = Reason(kind: .words("the task was cancelled"))
        /// The peer did not answer in time.
        public static let timedOut = Reason(kind: .words("timed out"))

        /// Whether the connection was lost: the peer reset it, or the network no longer reaches the peer.
        public var isReset: Bool {
            switch kind {
            case .system(let errno): Self.losses.contains(errno)
            case .words: false
            }
        }

        /// Whether the system refuses splice(2), because of a sandbox or a lack of memory; the connection still works.
        var refusesPipes: Bool {
            switch kind {
            case .system(let errno): Self.refusals.contains(errno)
            case .words: false
            }
        }

        private static let refusals: Set<Errno> = [
            .invalid, .notImplemented, .notPermitted, .accessDenied, .notSupported, .noMemory,
        ]

        private static let losses: Set<Errno> = [
            .connectionReset, .brokenPipe, .connectionAborted, .notConnected, .timedOut, .hostUnreachable,
            .networkUnreachable,
        ]

        static func system(_ errno: Errno) -> Reason { Reason(kind: .system(errno)) }
        static func words(_ words: String) -> Reason { Reason(kind: .words(words)) }
    }
}
