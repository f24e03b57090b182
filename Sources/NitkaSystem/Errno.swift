// SPDX-License-Identifier: Apache-2.0

internal import CNitkaLinux
internal import Glibc

/// The number with which the kernel says why a call failed.
package struct Errno: Error, Hashable, Sendable {
    package let code: CInt

    package init(_ code: CInt) { self.code = code }

    /// What the last failed call on this thread left behind.
    static var last: Errno { Errno(errno) }
}

extension Errno {
    package static let interrupted = Errno(EINTR)
    package static let wouldBlock = Errno(EAGAIN)
    /// The same number: what pthread_create(3) says without a thread.
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
    package static let addressInUse = Errno(EADDRINUSE)
    package static let addressNotAvailable = Errno(EADDRNOTAVAIL)
    package static let familyNotSupported = Errno(EAFNOSUPPORT)
    package static let notConnected = Errno(ENOTCONN)
}

extension Errno: CustomStringConvertible {
    /// The C library's own words, as they read in the middle of a sentence: `address already in use`.
    package var description: String {
        guard let words = nitka_errno_words(code) else { return "error \(code)" }
        let text = String(cString: words)
        return text.prefix(1).lowercased() + text.dropFirst()
    }

    /// The constant's name, as in the man pages: `EMFILE`; `errno 999` for one without a name.
    package var name: String {
        nitka_errno_name(code).map { String(cString: $0) } ?? "errno \(code)"
    }
}
