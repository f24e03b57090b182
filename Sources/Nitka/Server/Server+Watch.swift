// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem
internal import Synchronization

extension Server {
    /// The thread that sees a drain through: it sleeps until there is one.
    func startWatch() throws(NitkaError) -> KernelThread {
        do throws(Errno) {
            return try KernelThread(named: "nitka-drain", stackBytes: 256 * 1024) { [self] in watchDrain() }
        } catch {
            throw NitkaError("make the thread that watches", addresses.first?.description ?? "nothing", .system(error))
        }
    }

    private func watchDrain() {
        while true {
            let (step, plan) =
                control.wait { control -> (DrainPlan.Step, MonotonicTime)? in
                    if control.phase == .ended { return (.done, .now) }
                    guard let step = control.drain?.next(at: .now), let drain = control.drain else { return nil }
                    return (step, drain.deadline)
                } ?? (.done, .now)
            switch step {
            case .done: return
            case .wait(let moment): sleep(until: moment, of: plan)
            case .cutOff:
                stopAccepting()
                for client in registry.clients { client.cutOff() }
            case .shutDown:
                stopAccepting()
                for client in registry.clients { client.end(.cutOff) }
                sleep(until: .now + .milliseconds(20), of: plan)
            }
        }
    }

    /// Sleeps until the moment, until the server has ended, or until the plan is no longer that which ends at `deadline`.
    private func sleep(until moment: MonotonicTime, of deadline: MonotonicTime) {
        _ = control.wait(until: moment) { control -> Bool? in
            control.phase == .ended || control.drain?.deadline != deadline ? true : nil
        }
    }

    private func stopAccepting() {
        control.update { control in
            control.isCuttingOff = true
        }
        wake.raise()
    }
}
