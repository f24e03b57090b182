// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The signals of a process, taken by one thread that waits for them.
package enum Signals {
    package static let interrupt = SIGINT
    package static let terminate = SIGTERM

    /// Keeps these signals from every thread that is made from now on; call it before any is.
    package static func block(_ numbers: [CInt]) {
        var set = makeSet(numbers)
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Undoes ``block(_:)`` for the calling thread, where no thread could be made that waits for them.
    package static func unblock(_ numbers: [CInt]) {
        var set = makeSet(numbers)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    /// Blocks until one of the signals comes, which must be blocked in all threads.
    package static func wait(for numbers: [CInt]) -> CInt {
        var set = makeSet(numbers)
        var number: CInt = 0
        while sigwait(&set, &number) != 0 {}
        return number
    }

    /// A write to a pipe that nobody reads fails with EPIPE, instead of ending the process. For programs, not
    /// libraries: it is the program's decision.
    package static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

    /// On this thread, as above: splice(2) to a socket knows no MSG_NOSIGNAL. For threads of Nitka's own; on somebody
    /// else's between this and ``unblockBrokenPipes(_:)``.
    ///
    /// - Returns: whether they were blocked already.
    @discardableResult
    package static func blockBrokenPipes() -> Bool {
        var set = makeSet([SIGPIPE])
        var old = sigset_t()
        pthread_sigmask(SIG_BLOCK, &set, &old)
        return sigismember(&old, SIGPIPE) == 1
    }

    /// Undoes ``blockBrokenPipes()``, with its result; a signal that came meanwhile is swallowed.
    package static func unblockBrokenPipes(_ wereBlocked: Bool) {
        if wereBlocked { return }
        var set = makeSet([SIGPIPE])
        var now = timespec()
        _ = sigtimedwait(&set, nil, &now)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    /// Sends a signal to this very process.
    package static func raise(_ number: CInt) { kill(getpid(), number) }

    private static func makeSet(_ numbers: [CInt]) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in numbers { sigaddset(&set, number) }
        return set
    }
}
