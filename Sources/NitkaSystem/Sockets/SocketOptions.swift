// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The options of every TCP socket. A client's socket inherits those of its listener, without a call per client.
package struct SocketOptions: Sendable {
    /// How long one `recv` or `send` waits; a caller that waits longer polls.
    package var slice: Duration

    package init(slice: Duration) { self.slice = slice }

    package func apply(to number: CInt) throws(Errno) {
        // The kernel takes 0 as no limit, so the shortest timeout is 1 µs.
        let microseconds = max(1, slice.clampedNanoseconds / 1000)
        let timeout = timeval(tv_sec: Int(microseconds / 1_000_000), tv_usec: Int(microseconds % 1_000_000))
        try SocketCall.set(number, SOL_SOCKET, SO_RCVTIMEO, timeout)
        try SocketCall.set(number, SOL_SOCKET, SO_SNDTIMEO, timeout)
        try Self.applyToLoopClient(number)
    }

    /// The options of a non-blocking socket, whose loop has the timeouts.
    ///
    /// Keepalive finds a peer that has disappeared after idle time + probes × interval: 90 s. TCP_USER_TIMEOUT is not
    /// set: it would end a peer whose window stays smaller than the next segment, although bytes pass through it.
    package static func applyToLoopClient(_ number: CInt) throws(Errno) {
        let tcp = CInt(IPPROTO_TCP)
        try SocketCall.set(number, tcp, TCP_NODELAY, CInt(1))
        // An urgent byte keeps its place in the stream.
        try SocketCall.set(number, SOL_SOCKET, SO_OOBINLINE, CInt(1))
        try SocketCall.set(number, SOL_SOCKET, SO_KEEPALIVE, CInt(1))
        try SocketCall.set(number, tcp, TCP_KEEPIDLE, CInt(60))
        try SocketCall.set(number, tcp, TCP_KEEPINTVL, CInt(10))
        try SocketCall.set(number, tcp, TCP_KEEPCNT, CInt(3))
    }
}
