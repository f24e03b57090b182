// SPDX-License-Identifier: Apache-2.0

// Its headers declare pthread_attr_t too, and the compiler may find the type's initializer there.
internal import CNitkaLinux
internal import Glibc

/// A kernel thread that its owner must join: an unjoined thread is a bug.
package struct KernelThread: ~Copyable, @unchecked Sendable {
    // Unchecked: a pthread_t may be used from any thread until the join, which consumes the value.
    private let handle: pthread_t

    /// Makes the thread, which runs `body` and ends.
    ///
    /// - Parameters:
    ///   - name: what `ps -L` shows: at most 15 bytes, cut between characters.
    ///   - stackBytes: 64 KiB or more, plus a guard page; nil for the C library's default.
    /// - Throws: EAGAIN when the system creates no more threads.
    package init(named name: String, stackBytes: Int? = nil, _ body: @escaping @Sendable () -> Void) throws(Errno) {
        handle = try startThread(named: name, body) { attributes in
            guard let stackBytes else { return 0 }
            return pthread_attr_setstacksize(&attributes, wholePages(max(stackBytes, smallestStack)))
        }
    }

    package consuming func join() {
        let handle = self.handle
        discard self
        pthread_join(handle, nil)
    }

    deinit { precondition(handle == 0, "a KernelThread must be joined") }
}

/// Twice the smallest stack on which Swift code and the most demanding calls of the C library ran in our tests.
package let smallestStack = 64 * 1024

/// - Parameter setStack: sets the stack in the attributes and returns 0, or an errno.
func startThread(
    named name: String, _ body: @escaping @Sendable () -> Void, setStack: (inout pthread_attr_t) -> CInt
) throws(Errno) -> pthread_t {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    var code = setStack(&attributes)
    if code != 0 { throw Errno(code) }
    let start = Unmanaged.passRetained(
        ThreadStart {
            CurrentThread.name = name
            body()
        })
    var handle = pthread_t()
    code = pthread_create(&handle, &attributes, runThread, start.toOpaque())
    if code == 0 { return handle }
    start.release()
    throw Errno(code)
}

private final class ThreadStart: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// A function, not a closure: a closure at the top level of a program would belong to the main actor, and trap on every
/// other thread.
private func runThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    Unmanaged<ThreadStart>.fromOpaque(argument!).takeRetainedValue().run()
    return nil
}
