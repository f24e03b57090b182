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
    /// Keepalive finds a peer that has disappeared after idle time + probes × interval: 120 to 150 s. TCP_USER_TIMEOUT is
    /// not set: it would end a peer whose window stays smaller than the next segment, although bytes pass through it.
    package static func applyToLoopClient(_ number: CInt) throws(Errno) {
        let tcp = CInt(IPPROTO_TCP)
        try SocketCall.set(number, tcp, TCP_NODELAY, CInt(1))
        // An urgent byte keeps its place in the stream.
        try SocketCall.set(number, SOL_SOCKET, SO_OOBINLINE, CInt(1))
        try SocketCall.set(number, SOL_SOCKET, SO_KEEPALIVE, CInt(1))
        try SocketCall.set(number, tcp, TCP_KEEPIDLE, CInt(keepaliveIdle(of: .random(in: 0...1000))))
        try SocketCall.set(number, tcp, TCP_KEEPINTVL, CInt(10))
        try SocketCall.set(number, tcp, TCP_KEEPCNT, CInt(6))
    }

    /// After how many seconds of silence the kernel probes the peer: 60 to 90, spread over the clients. Thousands of
    /// clients that connected in the same second would be probed in the same tick, and their answers lost.
    static func keepaliveIdle(of client: UInt64) -> Int { 60 + Int(client % 31) }
}

extension Descriptor {
    /// Gives an accepted client an idle time of its own, see ``SocketOptions/keepaliveIdle(of:)``.
    package borrowing func spreadKeepalive(_ client: UInt64) {
        let number = self.number
        // Without it the client has the idle time of its listener.
        try? SocketCall.set(number, CInt(IPPROTO_TCP), TCP_KEEPIDLE, CInt(SocketOptions.keepaliveIdle(of: client)))
    }
}
