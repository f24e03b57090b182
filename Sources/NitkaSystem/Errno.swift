// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux
internal import Glibc

/// The number by which the kernel reports why a call failed: errno(3).
package struct Errno: Error, Hashable, Sendable {
    package let code: CInt

    package init(_ code: CInt) { self.code = code }

    /// The error of the last call that failed on this thread.
    static var last: Errno { Errno(errno) }
}

extension Errno {
    package static let interrupted = Errno(EINTR)
    package static let wouldBlock = Errno(EAGAIN)
    /// The same number as ``wouldBlock``: pthread_create(3) could create no thread.
    package static let tryAgain = Errno(EAGAIN)
    package static let badDescriptor = Errno(EBADF)
    package static let invalid = Errno(EINVAL)
    package static let notSocket = Errno(ENOTSOCK)
    package static let badAddress = Errno(EFAULT)
    package static let tooManyInProcess = Errno(EMFILE)
    package static let tooManyInSystem = Errno(ENFILE)
    package static let noBuffers = Errno(ENOBUFS)
    package static let noMemory = Errno(ENOMEM)
    package static let connectionAborted = Errno(ECONNABORTED)
    package static let connectionReset = Errno(ECONNRESET)
    package static let connectionRefused = Errno(ECONNREFUSED)
    package static let brokenPipe = Errno(EPIPE)
    package static let protocolError = Errno(EPROTO)
    package static let networkDown = Errno(ENETDOWN)
    package static let noProtocolOption = Errno(ENOPROTOOPT)
    package static let hostDown = Errno(EHOSTDOWN)
    package static let noNetwork = Errno(ENONET)
    package static let hostUnreachable = Errno(EHOSTUNREACH)
    package static let notSupported = Errno(EOPNOTSUPP)
    package static let networkUnreachable = Errno(ENETUNREACH)
    package static let notImplemented = Errno(ENOSYS)
    package static let notPermitted = Errno(EPERM)
    package static let accessDenied = Errno(EACCES)
    package static let timedOut = Errno(ETIMEDOUT)
    package static let inProgress = Errno(EINPROGRESS)
    package static let cancelled = Errno(ECANCELED)
    package static let addressInUse = Errno(EADDRINUSE)
    package static let addressNotAvailable = Errno(EADDRNOTAVAIL)
    package static let familyNotSupported = Errno(EAFNOSUPPORT)
    package static let notConnected = Errno(ENOTCONN)
}

extension Errno: CustomStringConvertible {
    /// The C library's text in lower case, for the middle of a sentence: `address already in use`.
    package var description: String {
        guard let words = nitka_errno_words(code) else { return "error \(code)" }
        let text = String(cString: words)
        return text.prefix(1).lowercased() + text.dropFirst()
    }

    /// The name of the constant, as in the man pages: `EMFILE`; `errno 999` for a number without a name.
    package var name: String {
        nitka_errno_name(code).map { String(cString: $0) } ?? "errno \(code)"
    }
}

/// Makes a system call, repeats it while a signal interrupts it, and reads errno once. Every call of the package that
/// reports errors by errno passes through here.
///
/// Never for `close`: Linux has released the number by the time it reports EINTR, and a second try may close the
/// descriptor of another thread.
@inline(__always)
@discardableResult
func systemCall<Result: BinaryInteger>(_ call: () -> Result) throws(Errno) -> Result {
    while true {
        let result = call()
        if result >= 0 { return result }
        let failure = Errno.last
        if failure != .interrupted { throw failure }
    }
}
