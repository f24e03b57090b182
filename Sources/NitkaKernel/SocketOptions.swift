// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What is set on every TCP socket. Set on a listener, every client accepted from it has inherited it, at no call each.
package struct SocketOptions: Sendable {
    /// How long one `recv` waits; whoever waits longer polls.
    package var receiveTimeout: Duration
    /// How long one `send` waits without any progress; nil for ever.
    package var sendTimeout: Duration?

    package init(receiveTimeout: Duration, sendTimeout: Duration?) {
        self.receiveTimeout = receiveTimeout
        self.sendTimeout = sendTimeout
    }

    package func apply(to number: CInt) throws(Errno) {
        try SocketCall.set(number, SOL_SOCKET, SO_RCVTIMEO, Self.timeval(receiveTimeout))
        try Self.setSendTimeout(sendTimeout, on: number)
        try Self.applyToLoopClient(number)
    }

    /// What a socket has that never blocks: its timeouts are the loop's.
    package static func applyToLoopClient(_ number: CInt) throws(Errno) {
        let tcp = CInt(IPPROTO_TCP)
        try SocketCall.set(number, tcp, TCP_NODELAY, CInt(1))
        try SocketCall.set(number, SOL_SOCKET, SO_KEEPALIVE, CInt(1))
        try SocketCall.set(number, tcp, TCP_KEEPIDLE, Keepalive.idleSeconds)
        try SocketCall.set(number, tcp, TCP_KEEPINTVL, Keepalive.intervalSeconds)
        try SocketCall.set(number, tcp, TCP_KEEPCNT, Keepalive.probes)
    }

    static func setSendTimeout(_ timeout: Duration?, on number: CInt) throws(Errno) {
        // Unacknowledged for longer than this, the kernel gives the connection up: a pulled cable is found. A second
        // later than the send gives up by itself, or the two would race, and the kernel's end reads like a reset.
        let milliseconds = timeout.map { min(max(1, $0.clampedNanoseconds / 1_000_000) + 1000, Int64(CInt.max)) } ?? 0
        try SocketCall.set(number, SOL_SOCKET, SO_SNDTIMEO, timeout.map(timeval) ?? Glibc.timeval())
        try SocketCall.set(number, CInt(IPPROTO_TCP), TCP_USER_TIMEOUT, CUnsignedInt(milliseconds))
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
