// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A kernel thread that somebody waits for: a thread that was made is joined, or the program is wrong.
package struct KernelThread: ~Copyable, @unchecked Sendable {
    // Unchecked: a pthread_t may be used from any thread until it is joined, which consumes the value.
    private let handle: pthread_t

    /// Makes the thread, which runs `body` and ends.
    ///
    /// - Parameters:
    ///   - name: what `ps -L` shows; 15 bytes, cut between characters.
    ///   - stackBytes: at least 64 KiB is used; nil for what the C library gives. A guard page lies under it.
    /// - Throws: EAGAIN when the machine gives no more threads.
    package init(named name: String, stackBytes: Int? = nil, _ body: @escaping @Sendable () -> Void) throws(Errno) {
        handle = try startThread(named: name, stack: .ofLibrary(bytes: stackBytes), body)
    }

    package consuming func join() {
        let handle = self.handle
        discard self
        pthread_join(handle, nil)
    }

    deinit { precondition(handle == 0, "a KernelThread must be joined") }
}

/// The smallest stack that Swift code and the C library's hungriest calls were seen to run on, doubled.
package let smallestStack = 64 * 1024

/// Where a thread's stack comes from.
enum ThreadStack {
    /// The C library maps and guards it; nil for the size that it gives by itself.
    case ofLibrary(bytes: Int?)
    /// Who starts the thread keeps the memory until the thread was joined.
    case given(UnsafeMutableRawBufferPointer)

    fileprivate func set(in attributes: inout pthread_attr_t) throws(Errno) {
        let code =
            switch self {
            case .ofLibrary(nil): CInt(0)
            case .ofLibrary(let bytes?):
                pthread_attr_setstacksize(&attributes, (max(bytes, smallestStack) + pageSize - 1) / pageSize * pageSize)
            case .given(let memory): pthread_attr_setstack(&attributes, memory.baseAddress!, memory.count)
            }
        if code != 0 { throw Errno(code) }
    }
}

func startThread(
    named name: String, stack: ThreadStack, _ body: @escaping @Sendable () -> Void
) throws(Errno) -> pthread_t {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    try stack.set(in: &attributes)
    let start = Unmanaged.passRetained(ThreadStart(name: name, body: body))
    var handle = pthread_t()
    let code = pthread_create(&handle, &attributes, runThread, start.toOpaque())
    guard code == 0 else {
        start.release()
        throw Errno(code)
    }
    return handle
}

private final class ThreadStart: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

/// A function, not a closure: a closure written at the top level of a program would belong to the main actor, and
/// trap on any other thread.
private func runThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    let start = Unmanaged<ThreadStart>.fromOpaque(argument!).takeRetainedValue()
    CurrentThread.name = start.name
    start.body()
    return nil
}
