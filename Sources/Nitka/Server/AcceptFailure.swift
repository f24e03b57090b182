// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// What a failure of `accept` means, see accept(2).
enum AcceptFailure: Hashable {
    /// The failure is one client's: take the next.
    case ofOneClient
    /// The machine or the process has run out of something: wait for some of it to come back.
    case shortage
    /// The socket listens no more.
    case listenerIsDead

    init(_ errno: Errno) {
        switch errno {
        case .badDescriptor, .invalid, .notSocket, .badAddress: self = .listenerIsDead
        case .tooManyInProcess, .tooManyInSystem, .noBuffers, .noMemory: self = .shortage
        case .connectionAborted, .protocolError, .networkDown, .noProtocolOption, .hostDown, .noNetwork,
            .hostUnreachable, .notSupported, .networkUnreachable, .notPermitted, .timedOut, .interrupted:
            self = .ofOneClient
        // One that the man page does not name: waiting is safe, whichever it is.
        default: self = .shortage
        }
    }
}

/// How the accept loop goes on after failures: at once, after a pause, or not.
struct BackOff: Hashable {
    enum Action: Hashable {
        case retry
        case pause(Duration)
        case giveUp
    }

    static let shortest = Duration.milliseconds(5)
    static let longest = Duration.seconds(1)
    /// After so many clients in a row that failed, it is no longer the clients.
    static let patience = 100

    private var pause: Duration?
    private var failuresInARow = 0

    /// One that worked ends all back-off.
    mutating func succeeded() { self = BackOff() }

    mutating func failed(_ failure: AcceptFailure) -> Action {
        switch failure {
        case .listenerIsDead: return .giveUp
        case .ofOneClient:
            failuresInARow += 1
            return failuresInARow < Self.patience ? .retry : .pause(nextPause())
        case .shortage: return .pause(nextPause())
        }
    }

    private mutating func nextPause() -> Duration {
        let next = pause.map { min($0 * 2, Self.longest) } ?? Self.shortest
        pause = next
        return next
    }
}

/// Says the same trouble once a second at most, with how often it came.
struct TroubleNotice: Hashable {
    private var unsaid = 0
    private var lastSaid: MonotonicTime?

    /// How often it came since it was last said, when it is time to say it.
    mutating func count(at now: MonotonicTime) -> Int? {
        unsaid += 1
        if let lastSaid, now - lastSaid < .seconds(1) { return nil }
        defer { (unsaid, lastSaid) = (0, now) }
        return unsaid
    }
}
