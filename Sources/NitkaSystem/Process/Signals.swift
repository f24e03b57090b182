// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux
internal import Glibc

/// The signals of a process: one thread waits for them.
package enum Signals {
    package static let interrupt = SIGINT
    package static let terminate = SIGTERM
    package static let hangUp = SIGHUP
    package static let user1 = SIGUSR1
    package static let user2 = SIGUSR2

    /// Blocks these signals in the calling thread, and in every thread that it makes later.
    package static func block(_ numbers: [CInt]) {
        var set = makeSet(numbers)
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Undoes ``block(_:)`` in the calling thread: for a program that could make no thread to wait for the signals.
    package static func unblock(_ numbers: [CInt]) {
        var set = makeSet(numbers)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    /// Waits for one of the signals, which must be blocked in all threads.
    package static func wait(for numbers: [CInt]) -> CInt {
        var set = makeSet(numbers)
        var number: CInt = 0
        while sigwait(&set, &number) != 0 {}
        return number
    }

    /// Makes a write to a pipe without a reader fail with EPIPE instead of ending the process. Only a program may decide
    /// this, not a library.
    package static func ignoreBrokenPipes() { ignore(SIGPIPE) }

    package static func ignore(_ number: CInt) { signal(number, SIG_IGN) }

    /// Does the same for the calling thread, because splice(2) has no MSG_NOSIGNAL. On a thread that Nitka did not make,
    /// ``unblockBrokenPipes(_:)`` must follow.
    ///
    /// - Returns: whether SIGPIPE was blocked before.
    @discardableResult
    package static func blockBrokenPipes() -> Bool {
        var set = makeSet([SIGPIPE])
        var old = sigset_t()
        pthread_sigmask(SIG_BLOCK, &set, &old)
        return sigismember(&old, SIGPIPE) == 1
    }

    /// Undoes ``blockBrokenPipes()``, given its result, and discards a SIGPIPE that is pending.
    package static func unblockBrokenPipes(_ wereBlocked: Bool) {
        if wereBlocked { return }
        var set = makeSet([SIGPIPE])
        var now = timespec()
        _ = sigtimedwait(&set, nil, &now)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    /// Whether the process ignores the signal: nohup(1) starts a program that ignores SIGHUP.
    package static func isIgnored(_ number: CInt) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        let handler = unsafeBitCast(action.__sigaction_handler.sa_handler, to: UInt.self)
        return handler == unsafeBitCast(SIG_IGN, to: UInt.self)
    }

    /// Lets a crash signal that another process sends end the process: only a program may decide this.
    package static func endAfterCrashSignals() { nitka_end_after_crash_signals() }

    /// Sends a signal to this process.
    package static func raise(_ number: CInt) { kill(getpid(), number) }

    private static func makeSet(_ numbers: [CInt]) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in numbers { sigaddset(&set, number) }
        return set
    }
}
