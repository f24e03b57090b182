// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// A failure on the network: what was tried, where, and why it failed, which reads as one sentence:
/// `listen on 127.0.0.1:7007: address already in use`.
public struct NitkaError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried, as it begins the sentence: `listen on`, `read from`.
    public let operation: String
    /// The address or the name it was tried on.
    public let address: String
    /// Why it failed.
    public let reason: Reason

    /// `operation address: reason`.
    public var description: String { "\(operation) \(address): \(reason)" }

    init(_ operation: String, _ address: String, _ reason: Reason) {
        self.operation = operation
        self.address = address
        self.reason = reason
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

        /// Nothing was received for as long as the connection's ``Connection/readTimeout`` allows.
        public static let idle = Reason(kind: .words("nothing came within the idle time"))
        /// The peer took nothing for as long as the connection's ``Connection/writeTimeout`` allows.
        public static let stalled = Reason(kind: .words("the peer took nothing within the write timeout"))
        /// The connection lasted as long as it was allowed to.
        public static let tooLong = Reason(kind: .words("the connection reached its greatest age"))
        /// The connection was closed on this side.
        public static let closed = Reason(kind: .words("the connection is closed on this side"))
        /// The peer did not answer in time.
        public static let timedOut = Reason(kind: .words("timed out"))

        /// Did the peer tear the connection down, or go without a word, rather than end it?
        public var isReset: Bool {
            switch kind {
            case .system(let errno): Self.losses.contains(errno)
            case .words: false
            }
        }

        /// Is splice(2) itself what is refused, by a sandbox or for want of memory, and not the peer that has gone?
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
