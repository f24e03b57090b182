// SPDX-License-Identifier: Apache-2.0

/// Tasks of one loop, of which one at a time has the turn; the others are suspended and get it in order.
struct Turn {
    private var isTaken = false
    private var waiting: [UnsafeContinuation<Void, Never>] = []

    /// Takes the turn, if it is free.
    mutating func take() -> Bool {
        defer { isTaken = true }
        return !isTaken
    }

    /// Waits for a turn that is taken; it is handed over, not freed in between.
    mutating func wait(_ continuation: UnsafeContinuation<Void, Never>) { waiting.append(continuation) }

    mutating func giveUp() {
        if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }
}
