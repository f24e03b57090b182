// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

/// When a draining server does what: it waits for its clients, cuts off those that still work when their time is over,
/// and at the end shuts down those that have not even taken the end of the stream. A pure value.
struct DrainPlan: Hashable {
    enum Step: Hashable {
        case wait(until: MonotonicTime)
        case cutOff
        /// Repeat it until the server has ended: a handler may still hold on.
        case shutDown
    }

    private let cutOffTime: MonotonicTime
    let deadline: MonotonicTime
    private var hasCutOff = false

    /// The last quarter of the time, 2 s at most, is kept for clients that have to be cut off: their last bytes and the
    /// end of the stream take a while to arrive.
    init(start: MonotonicTime, time: Duration) {
        deadline = start + time
        cutOffTime = start + (time - min(time / 4, .seconds(2)))
    }

    mutating func next(at now: MonotonicTime) -> Step {
        if now >= deadline { return .shutDown }
        if now >= cutOffTime, !hasCutOff {
            hasCutOff = true
            return .cutOff
        }
        return .wait(until: hasCutOff ? deadline : cutOffTime)
    }
}

/// Tells every connection of a server at once that the server drains: read on only while something arrives.
///
/// A flag for busy readers, an eventfd in the poll of those that wait. It is raised once and never lowered.
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
    /// Starts the thread that carries out a drain; it sleeps until there is one.
    ///
    /// It exists before the first client is accepted, so that draining works when the system creates no more threads.
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

    /// Returns early when the server has ended, and when a new plan replaces the one that ends at `deadline`.
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
