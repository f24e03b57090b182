// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A file descriptor with one owner: it is closed when its owner goes.
package struct Descriptor: ~Copyable, Sendable {
    package let number: CInt

    package init(owning number: CInt) { self.number = number }

    deinit { _ = Glibc.close(number) }

    /// Hands the number to somebody who closes it from now on.
    package consuming func release() -> CInt {
        let number = self.number
        discard self
        return number
    }
}
