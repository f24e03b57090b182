// SPDX-License-Identifier: Apache-2.0

import Glibc
import NitkaSystem

@testable import Nitka

extension Server {
    /// Its clients inherit it from the listener: closing sends a reset, unless the end was sent before.
    func resetClientsOnClose() {
        listener.withLock { listener in
            for socket in listener?.sockets ?? [] {
                var option = linger(l_onoff: 1, l_linger: 0)
                setsockopt(
                    socket.descriptor.number, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
            }
        }
    }
}

extension Client {
    /// Closes without a word: of a server that resets on close, a reset.
    func drop() { connection.socket.close() }

    /// Waits until the peer's kernel has everything.
    func waitUntilDelivered() {
        let never = Monitor(false)
        let deadline = MonotonicTime.now + .seconds(10)
        while connection.socket.unacknowledged > 0, .now < deadline {
            _ = never.wait(until: .now + .milliseconds(2)) { $0 ? true : nil }
        }
    }
}
