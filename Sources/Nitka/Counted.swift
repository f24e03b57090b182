// SPDX-License-Identifier: Apache-2.0

extension BinaryInteger {
    /// `1 client`, `2 clients`.
    package func counted(_ noun: String) -> String { self == 1 ? "\(self) \(noun)" : "\(self) \(noun)s" }
}
