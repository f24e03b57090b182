// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux
internal import Glibc

/// Which kernel thread runs here.
package enum CurrentThread {
    /// The number that /proc/PID/task lists.
    package static var id: Int32 { nitka_gettid() }

    /// The name that `ps -L` and `top -H` show.
    package static var name: String {
        get {
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16) { text in
                nitka_get_thread_name(text.baseAddress!)
                return String(cString: text.baseAddress!)
            }
        }
        // Not handed over as it is: that would make an array of it.
        set { fittingThreadName(newValue).withCString { nitka_set_thread_name($0) } }
    }

    /// How often the kernel took the processor from this thread because somebody else needed it.
    package static var involuntarySwitches: Int { nitka_involuntary_switches() }

    /// How long this thread has run on a processor so far, in nanoseconds.
    package static var processorTime: Int64 {
        var time = Glibc.timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    /// Blocks the thread for about so long, and no longer than until a signal comes.
    package static func sleep(for duration: Duration) {
        let (seconds, attoseconds) = duration.components
        var time = Glibc.timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nil)
    }

    /// Says to whom the thread belongs from now on; the object must outlive the thread's work for it.
    package static func belong(to owner: AnyObject) {
        nitka_set_thread_owner(Unmanaged.passUnretained(owner).toOpaque())
    }

    /// Does the thread belong to the object? Asked for every message, so it is one comparison.
    @inline(__always)
    package static func belongs(to owner: AnyObject) -> Bool {
        nitka_thread_owner() == Unmanaged.passUnretained(owner).toOpaque()
    }

    /// To whom the thread belongs.
    package static var owner: AnyObject? {
        nitka_thread_owner().map { Unmanaged<AnyObject>.fromOpaque($0).takeUnretainedValue() }
    }
}

/// The kernel takes 15 bytes: what is beyond is cut between characters.
func fittingThreadName(_ name: String) -> String {
    if name.utf8.count <= 15 { return name }
    var fitting = ""
    for character in name {
        if fitting.utf8.count + character.utf8.count > 15 { break }
        fitting.append(character)
    }
    return fitting
}
