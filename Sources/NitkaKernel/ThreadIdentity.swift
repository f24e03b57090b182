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
        set { nitka_set_thread_name(fittingThreadName(newValue)) }
    }
}

/// The kernel takes 15 bytes: what is beyond is cut between characters.
func fittingThreadName(_ name: String) -> String {
    var fitting = ""
    for character in name {
        if fitting.utf8.count + character.utf8.count > 15 { break }
        fitting.append(character)
    }
    return fitting
}
