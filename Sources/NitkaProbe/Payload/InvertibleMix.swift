// SPDX-License-Identifier: Apache-2.0

/// The finalizer of SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014): every bit
/// of the result depends on every bit of the value, and the function is invertible.
package enum InvertibleMix {
    @inline(__always)
    static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// The inverse of ``mix(_:)``. A shift is inverted by repeating it until the word is used up, a multiplication by the
    /// inverse of the factor modulo 2⁶⁴.
    static func unmix(_ mixed: UInt64) -> UInt64 {
        var value = mixed ^ (mixed >> 31) ^ (mixed >> 62)
        value = value &* 0x3196_42b2_d24d_8ec3
        value = value ^ (value >> 27) ^ (value >> 54)
        value = value &* 0x96de_1b17_3f11_9089
        return value ^ (value >> 30) ^ (value >> 60)
    }

    /// The next pseudorandom number of a seed.
    package static func next(_ state: inout UInt64) -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        return mix(state)
    }
}
