// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

/// The schedule of a drain: a pure value.
///
/// The server waits for its clients until the deadline, then cuts off those that still work. At last it shuts down those
/// that have not even taken the end of the stream.
struct DrainPlan: Hashable {
    enum Step: Hashable {
        case wait(until: MonotonicTime)
        case cutOff
        /// Repeat it until the server has ended: a handler may still be at work.
        case shutDown
    }

    /// When the clients that still work are cut off.
    let deadline: MonotonicTime
    /// When the clients that were cut off are shut down: their last bytes and the end of the stream take a while to
    /// arrive.
    let shutDownTime: MonotonicTime
    /// When the server stops waiting for handlers that have not returned.
    let lastMoment: MonotonicTime
    private var hasCutOff = false

    init(start: MonotonicTime, time: Duration) {
        deadline = start + time
        shutDownTime = deadline + .seconds(1)
        lastMoment = deadline + .milliseconds(1400)
    }

    /// A plan that shuts down every client at once.
    init(shutDownAt moment: MonotonicTime) {
        (deadline, shutDownTime) = (moment, moment)
        lastMoment = moment + .seconds(1)
    }

    mutating func next(at now: MonotonicTime) -> Step {
        if now < deadline { return .wait(until: deadline) }
        if !hasCutOff {
            hasCutOff = true
            return .cutOff
        }
        return now < shutDownTime ? .wait(until: shutDownTime) : .shutDown
    }
}

/// Tells every connection of a server that the server drains. It is raised once and never lowered.
///
/// Busy readers check the flag; readers that wait have the eventfd in their poll.
final class DrainSignal: Sendable {
    private let flag = Atomic<Bool>(false)
    private let event: WakeEvent

    init() throws(Errno) { event = try WakeEvent() }

    var isRaised: Bool { flag.load(ordering: .acquiring) }

    var descriptor: Int32 { event.descriptor.number }

    func raise() {
        flag.store(true, ordering: .releasing)
        event.raise()
    }
}

extension Server {
    /// Starts the thread that carries out a drain.
    ///
    /// It starts before the first accept, so that a drain works when the system can create no more threads.
    func startDrainThread() throws(NitkaError) -> KernelThread {
        do throws(Errno) {
            return try KernelThread(named: "nitka-drain", stackBytes: 256 * 1024) { [self] in carryOutDrain() }
        } catch {
            throw NitkaError("make the drain thread of", addressText, .system(error))
        }
    }

    private func carryOutDrain() {
        while let (step, deadline) = nextDrainStep() {
            switch step {
            case .wait(let moment): wait(until: moment, whilePlanEndsAt: deadline)
            case .cutOff:
                stopAccepting()
                for client in registry.clients { client.cutOff() }
            case .shutDown:
                stopAccepting()
                for client in registry.clients { client.end(.cutOff) }
                wait(until: .now + .milliseconds(20), whilePlanEndsAt: deadline)
            }
        }
    }

    /// Waits for a drain; nil when the server has ended.
    private func nextDrainStep() -> (DrainPlan.Step, planEnd: MonotonicTime)? {
        control.wait { control -> (DrainPlan.Step, planEnd: MonotonicTime)?? in
            if control.phase == .ended { return .some(nil) }
            guard let step = control.drain?.next(at: .now), let drain = control.drain else { return nil }
            return (step, drain.deadline)
        } ?? nil
    }

    /// Returns early when the server has ended, and when ``endNow()`` has replaced the plan.
    private func wait(until moment: MonotonicTime, whilePlanEndsAt deadline: MonotonicTime) {
        _ = control.wait(until: moment) { control -> Bool? in
            control.phase == .ended || control.drain?.deadline != deadline ? true : nil
        }
    }

    private func stopAccepting() {
        control.update { $0.isCuttingOff = true }
        wake.raise()
    }
}
