// SPDX-License-Identifier: Apache-2.0

import NitkaSystem
import Testing

@testable import Nitka

@Suite struct AcceptTests {
    private static let start = MonotonicTime(nanoseconds: 1_000)

    @Test("the accept loop decides its next step from the server's state alone") func steps() {
        let now = Self.start
        func step(
            _ phase: ServerPhase = .running, isCuttingOff: Bool = false, hasWaitingClient: Bool = false,
            pausedUntil: MonotonicTime? = nil, isFull: Bool = false, whenFull: Limits.WhenFull = .wait,
            lastHandshake: MonotonicTime? = nil
        ) -> AcceptStep {
            AcceptStep(
                phase: phase, isCuttingOff: isCuttingOff, lastHandshake: lastHandshake,
                hasWaitingClient: hasWaitingClient, pausedUntil: pausedUntil, now: now, isFull: isFull,
                whenFull: whenFull)
        }
        #expect(step() == .accept(mayWait: true))
        #expect(step(.draining, lastHandshake: now) == .accept(mayWait: false))
        #expect(step(.draining, lastHandshake: now + .milliseconds(1)) == .accept(mayWait: true))
        #expect(step(.paused) == .wait(until: nil))
        #expect(step(pausedUntil: now + .seconds(1)) == .wait(until: now + .seconds(1)))
        #expect(step(pausedUntil: now) == .accept(mayWait: true))
        #expect(step(hasWaitingClient: true) == .startThread)
        #expect(step(.draining, hasWaitingClient: true, isFull: true) == .startThread)
        #expect(step(isFull: true) == .wait(until: nil))
        #expect(step(isFull: true, whenFull: .reject) == .accept(mayWait: true))
        #expect(step(.draining, isFull: true, whenFull: .reject) == .wait(until: nil))
        #expect(step(.paused, isCuttingOff: true, hasWaitingClient: true) == .finish)
    }

    @Test("pauses of the accept loop double to 1 s and end with a success") func pausesDouble() {
        var troubles = AcceptTroubles()
        let pauses = (0..<10).map { _ in
            _ = troubles.failed(.shortage, at: Self.start)
            return troubles.pausedUntil.map { $0 - Self.start }
        }
        #expect(pauses.prefix(3) == [.milliseconds(5), .milliseconds(10), .milliseconds(20)])
        #expect(pauses.last == .seconds(1))
        troubles.succeeded()
        #expect(troubles.pausedUntil == nil)
        _ = troubles.failed(.shortage, at: Self.start)
        #expect(troubles.pausedUntil == Self.start + .milliseconds(5))
    }

    @Test("100 failing clients in a row are treated as a shortage; a dead listener ends the loop")
    func failuresInARow() {
        var troubles = AcceptTroubles()
        for _ in 1..<100 {
            #expect(troubles.failed(.ofOneClient, at: Self.start).goesOn)
            #expect(troubles.pausedUntil == nil)
        }
        #expect(troubles.failed(.ofOneClient, at: Self.start).goesOn)
        #expect(troubles.pausedUntil == Self.start + .milliseconds(5))
        #expect(troubles.failed(.listenerIsDead, at: Self.start).goesOn == false)
    }

    @Test("a shortage is reported once per second, with the number of failures") func reports() {
        var troubles = AcceptTroubles()
        #expect(troubles.failed(.shortage, at: Self.start).report == 1)
        for step in 1...9 {
            #expect(troubles.failed(.shortage, at: Self.start + .milliseconds(step * 100)).report == nil)
        }
        #expect(troubles.failed(.shortage, at: Self.start + .seconds(1)).report == 10)
    }

    @Test(
        "each errno of accept(2) is a failure of one client, a shortage, or a dead listener",
        arguments: [
            (Errno.connectionAborted, AcceptFailure.ofOneClient), (.interrupted, .ofOneClient),
            (.notPermitted, .ofOneClient), (.timedOut, .ofOneClient), (.tooManyInProcess, .shortage),
            (.tooManyInSystem, .shortage), (.noBuffers, .shortage), (.noMemory, .shortage),
            (.badDescriptor, .listenerIsDead), (.invalid, .listenerIsDead), (.notSocket, .listenerIsDead),
        ])
    func failures(errno: Errno, failure: AcceptFailure) {
        #expect(AcceptFailure(errno) == failure)
    }
}
