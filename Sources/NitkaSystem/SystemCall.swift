// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The one door to the kernel: runs a call again while a signal interrupts it, and reads errno once.
///
/// Never for `close`: Linux has released the number by the time it reports EINTR, and a second try may close
/// somebody else's.
@inline(__always)
@discardableResult
func systemCall<Result: BinaryInteger>(_ call: () -> Result) throws(Errno) -> Result {
    while true {
        let result = call()
        if result >= 0 { return result }
        let failure = Errno.last
        if failure != .interrupted { throw failure }
    }
}
