// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What is set on every TCP socket. Set on a listener, every client accepted from it has inherited it, at no call each.
package struct SocketOptions: Sendable {
    /// How long one `recv` or `send` waits at most; whoever waits longer polls.
    package var slice: Duration

    package init(slice: Duration) { self.slice = slice }

    package func apply(to number: CInt) throws(Errno) {
        try SocketCall.set(number, SOL_SOCKET, SO_RCVTIMEO, Self.timeval(slice))
        try SocketCall.set(number, SOL_SOCKET, SO_SNDTIMEO, Self.timeval(slice))
        try Self.applyToLoopClient(number)
    }

    /// What a socket has that never blocks: its timeouts are the loop's.
    ///
    /// No TCP_USER_TIMEOUT: it ends whoever's window stays smaller than the segment that waits, though bytes go through
    /// it all the time.
    package static func applyToLoopClient(_ number: CInt) throws(Errno) {
        let tcp = CInt(IPPROTO_TCP)
        try SocketCall.set(number, tcp, TCP_NODELAY, CInt(1))
        try SocketCall.set(number, SOL_SOCKET, SO_KEEPALIVE, CInt(1))
        try SocketCall.set(number, tcp, TCP_KEEPIDLE, Keepalive.idleSeconds)
        try SocketCall.set(number, tcp, TCP_KEEPINTVL, Keepalive.intervalSeconds)
        try SocketCall.set(number, tcp, TCP_KEEPCNT, Keepalive.probes)
    }

    /// Zero would mean "for ever" to the kernel: the shortest timeout is a microsecond.
    private static func timeval(_ duration: Duration) -> Glibc.timeval {
        let microseconds = max(1, duration.clampedNanoseconds / 1000)
        return Glibc.timeval(tv_sec: Int(microseconds / 1_000_000), tv_usec: Int(microseconds % 1_000_000))
    }
}

/// A peer that has gone without a word is found after idle + probes × interval: 90 seconds.
private enum Keepalive {
    static let idleSeconds: CInt = 60
    static let intervalSeconds: CInt = 10
    static let probes: CInt = 3
}
