// SPDX-License-Identifier: Apache-2.0

package import NitkaSystem
internal import Synchronization

/// Event loops, each on a thread of its own, among which tasks are spread in turn.
///
/// A server makes its own. For who connects to servers there is ``with(count:_:)``.
public final class EventLoops: Sendable {
    package let loops: [EventLoop]
    private let chain = ThreadChain()
    private let turn = Atomic<Int>(0)

    /// Makes the loops and their threads.
    ///
    /// - Parameter prepare: called with each loop before its thread begins.
    init(count: Int, prepare: (EventLoop) throws(Errno) -> Void) throws(Errno) {
        var loops: [EventLoop] = []
        for _ in 0..<count { loops.append(try EventLoop()) }
        for loop in loops { try prepare(loop) }
        self.loops = loops
        do throws(Errno) {
            for (index, loop) in loops.enumerated() {
                try chain.start(named: "loop-\(index)") {
                    Signals.blockBrokenPipes()
                    loop.run()
                }
            }
        } catch {
            stop()
            throw error
        }
    }

    /// How many there are.
    public var count: Int { loops.count }

    var first: EventLoop { loops[0] }

    /// The loop whose turn it is: `group.addTask(executorPreference: loops.next()) { … }`. From any thread.
    public func next() -> EventLoop {
        loops.count == 1
            ? loops[0] : loops[turn.wrappingAdd(1, ordering: .relaxed).oldValue % loops.count]
    }

    /// Lets each loop end when it has nothing left to run, and waits for all of them: not from a loop's own thread.
    /// False when the deadline passed first; then a handler still holds its loop.
    @discardableResult
    package func stop(until deadline: MonotonicTime? = nil) -> Bool {
        for loop in loops { loop.stop() }
        return chain.join(until: deadline)
    }
}
