// SPDX-License-Identifier: Apache-2.0

/// After how long the turn of a reader that yields comes too late to have been spent on other readers: in nanoseconds.
struct TurnLimit {
    /// Less than the slice that the kernel gives to a program that computes: almost 4 ms on the kernel that this was tried
    /// on. Where slices are shorter, fewer readers are guarded.
    var slack: Int64 = 500_000
    /// More than it takes to pass on a message where nothing but that is done. Where messages take longer, turns come too
    /// late, and blocking costs little beside them.
    var ofOneMessage: Int64 = 20_000
    var cores: Int64

    /// From some 300 readers a core on it no longer tells apart what they take and a slice: a program that computes then
    /// had up to a quarter of the core, where it had next to nothing.
    func longest(of readers: Int) -> Int64 { slack + ofOneMessage * Int64(readers) / cores }
}
