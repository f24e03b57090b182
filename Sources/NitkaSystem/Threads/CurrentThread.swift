// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux
internal import Glibc

/// The calling kernel thread.
package enum CurrentThread {
    /// Its number in /proc/PID/task.
    package static var id: Int32 { nitka_gettid() }

    /// Its name in `ps -L` and `top -H`: at most 15 bytes, cut between characters.
    package static var name: String {
        get {
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16) { text in
                nitka_get_thread_name(text.baseAddress!)
                return String(cString: text.baseAddress!)
            }
        }
        set {
            var fitting = newValue
            while fitting.utf8.count > 15 { fitting.removeLast() }
            // `withCString`, because passing the string itself would allocate an array.
            fitting.withCString { nitka_set_thread_name($0) }
        }
    }

    /// How often the kernel gave this thread's processor to another thread before it wanted to wait.
    package static var involuntarySwitches: Int { nitka_involuntary_switches() }

    /// The time that this thread has spent on a processor, in nanoseconds.
    package static var processorTime: Int64 { readClock(CLOCK_THREAD_CPUTIME_ID) }

    /// Sets the owner of the thread, which must outlive the thread's work for it.
    package static func belong(to owner: AnyObject) {
        nitka_set_thread_owner(Unmanaged.passUnretained(owner).toOpaque())
    }

    /// Whether this object owns the thread. Every message checks it, so it is 1 comparison.
    @inline(__always)
    package static func belongs(to owner: AnyObject) -> Bool {
        nitka_thread_owner() == Unmanaged.passUnretained(owner).toOpaque()
    }

    /// The owner of the thread; nil until one is set.
    package static var owner: AnyObject? {
        nitka_thread_owner().map { Unmanaged<AnyObject>.fromOpaque($0).takeUnretainedValue() }
    }
}

/// The Swift task that runs the caller.
package enum CurrentTask {
    /// Its identity among the tasks that run now; 0 outside of tasks.
    package static var id: UInt {
        withUnsafeCurrentTask { task in task.map { unsafeBitCast($0, to: UInt.self) } ?? 0 }
    }
}
