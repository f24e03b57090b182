// SPDX-License-Identifier: Apache-2.0

internal import NitkaKernel
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
            let step = control.wait { control -> DrainPlan.Step? in
                if control.phase == .ended { return .done }
                return control.drain?.next(at: .now)
            }
            switch step {
            case .done, nil: return
            case .wait(let moment): sleep(until: moment)
            case .cutOff:
                stopAccepting()
                for client in registry.clients { client.cutOff() }
            case .shutDown:
                stopAccepting()
                for client in registry.clients { client.end(.cutOff) }
                sleep(until: .now + .milliseconds(20))
            }
        }
    }

    /// Sleeps until the moment, until the server has ended, or until the plan is another.
    private func sleep(until moment: MonotonicTime) {
        let plan = control.withLock { $0.drain?.deadline }
        _ = control.wait(until: moment) { control -> Bool? in
            control.phase == .ended || control.drain?.deadline != plan ? true : nil
        }
    }

    private func stopAccepting() {
        control.update { control in
            control.isCuttingOff = true
        }
        wake.raise()
    }
}
