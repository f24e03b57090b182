// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

// The decisions of the accept loop, as pure values.

/// What the accept loop does next.
enum AcceptStep: Hashable {
    /// Wait for a wake-up, at most until the deadline, and accept no client meanwhile.
    case wait(until: MonotonicTime?)
    /// Try again to start the client that has no thread yet.
    case startThread
    /// Accept 1 client. While the server drains, an empty backlog ends the loop; otherwise it waits for a client.
    case accept(mayWait: Bool)
    case finish

    init(
        phase: ServerPhase, isCuttingOff: Bool, lastHandshake: MonotonicTime?, hasWaitingClient: Bool,
        pausedUntil: MonotonicTime?, now: @autoclosure () -> MonotonicTime,
        isFull: Bool, whenFull: Limits.WhenFull
    ) {
        let isDraining = phase == .draining
        if isCuttingOff {
            self = .finish
        } else if phase == .paused {
            self = .wait(until: nil)
        } else if let pausedUntil, pausedUntil > now() {
            self = .wait(until: pausedUntil)
        } else if hasWaitingClient {
            self = .startThread
        } else if isFull, whenFull == .wait || isDraining {
            self = .wait(until: nil)
        } else {
            self = .accept(mayWait: lastHandshake.map { now() < $0 } ?? true)
        }
    }
}

/// What a failure of accept(2) means.
enum AcceptFailure: Hashable {
    /// It concerns 1 client: accept the next one.
    case ofOneClient
    /// The machine or the process has run out of something: wait until some of it is free.
    case shortage
    /// The socket no longer listens.
    case listenerIsDead

    init(_ errno: Errno) {
        switch errno {
        case .badDescriptor, .invalid, .notSocket, .badAddress: self = .listenerIsDead
        case .tooManyInProcess, .tooManyInSystem, .noBuffers, .noMemory: self = .shortage
        case .connectionAborted, .protocolError, .networkDown, .noProtocolOption, .hostDown, .noNetwork,
            .hostUnreachable, .notSupported, .networkUnreachable, .notPermitted, .timedOut, .interrupted:
            self = .ofOneClient
        // accept(2) does not document it: a pause is safe for any cause.
        default: self = .shortage
        }
    }
}

/// How the accept loop continues after failures, and when it reports them.
struct AcceptTroubles: Hashable {
    static let shortestPause = Duration.milliseconds(5)
    static let longestPause = Duration.seconds(1)
    /// After this many failures in a row, pause: the clients are not the cause.
    static let mostFailuresInARow = 100
    /// The same trouble is reported at most this often.
    static let reportInterval = Duration.seconds(1)

    private(set) var pausedUntil: MonotonicTime?
    private var pause: Duration?
    private var failuresInARow = 0
    private var unreported = 0
    private var lastReport: MonotonicTime?

    mutating func succeeded() { (pausedUntil, pause, failuresInARow) = (nil, nil, 0) }

    mutating func endPause() { pausedUntil = nil }

    /// - Returns: whether the loop continues; and the number of failures since the last report, when it is time for one.
    mutating func failed(_ failure: AcceptFailure, at now: MonotonicTime) -> (goesOn: Bool, report: Int?) {
        switch failure {
        case .listenerIsDead: return (false, nil)
        case .ofOneClient:
            failuresInARow += 1
            if failuresInARow < Self.mostFailuresInARow { return (true, nil) }
            takePause(at: now)
            return (true, countForReport(at: now))
        case .shortage:
            takePause(at: now)
            return (true, countForReport(at: now))
        }
    }

    private mutating func takePause(at now: MonotonicTime) {
        let next = pause.map { min($0 * 2, Self.longestPause) } ?? Self.shortestPause
        pause = next
        pausedUntil = now + next
    }

    private mutating func countForReport(at now: MonotonicTime) -> Int? {
        unreported += 1
        if let lastReport, now - lastReport < Self.reportInterval { return nil }
        defer { (unreported, lastReport) = (0, now) }
        return unreported
    }
}
