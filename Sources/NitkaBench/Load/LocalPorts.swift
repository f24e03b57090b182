// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// Connects the clients of one worker, from local ports that do not run out.
///
/// The peer that sends FIN first keeps its port in TIME_WAIT for 60 s. An echo server ends a connection only after its
/// client, so the generator is that peer: 12,000 visits per second would use up the default range of 28,232 ports in
/// 3 seconds. Therefore the visits take turns on a limited number of ports. Linux lets a socket that is bound explicitly
/// take over a port in TIME_WAIT; the timestamps of both peers keep the segments of the 2 connections apart (RFC 6191).
/// The server sees a clean end and a new connection.
///
/// Rejected: SO_LINGER with 0 s. After the server's FIN it has no effect, because the kernel is in TIME_WAIT before
/// close(2); before it, the server sees a reset. Rejected: all ports in turn, bound explicitly. The kernel does not give
/// such a port to other programs, whatever their destination.
struct LocalPorts {
    /// Ports that take turns, over all workers. They are enough for a load balancer that chooses by port.
    static let mostRotating = 512
    /// Limit of ports to try for one connection when the kernel has none left.
    static let mostTries = 64

    /// The ports whose connections have ended cleanly; the first that ended is at `oldest`.
    private var free: [RawAddress] = []
    private var oldest = 0
    private let rotating: Int
    private let range: ClosedRange<Int>
    /// True after the kernel had no port left for this server.
    private var isExhausted = false
    private var candidate: Int

    /// - Parameter workers: how many workers share the ports.
    init(workers: Int, range: ClosedRange<Int>? = Self.systemRange) {
        rotating = max(1, Self.mostRotating / max(1, workers))
        self.range = range ?? 32_768...60_999
        candidate = Int.random(in: self.range)
    }

    /// The local ports that this machine gives to connections; nil if unknown.
    static var systemRange: ClosedRange<Int>? {
        let bounds = ProcFile.text("/proc/sys/net/ipv4/ip_local_port_range")?.split { $0.isWhitespace }
        let numbers = (bounds ?? []).compactMap { Int($0) }
        guard numbers.count == 2, 1 <= numbers[0], numbers[0] <= numbers[1], numbers[1] <= 65_535 else { return nil }
        return numbers[0]...numbers[1]
    }

    /// Starts to connect.
    ///
    /// - Parameter takesTurns: true for a connection that will end cleanly soon, and then pass its port to ``release(_:)``.
    mutating func connect(
        to server: RawAddress, takesTurns: Bool, isConnected: inout Bool
    ) throws(Errno) -> Descriptor {
        if takesTurns, let port = takeOldest() {
            do throws(Errno) {
                return try Descriptor.connecting(to: server, from: .chosen(port), isConnected: &isConnected)
            } catch {
                // Another program has the port, or the server sends no timestamps.
                if !Self.isTaken(error) { throw error }
            }
        }
        if isExhausted { return try connectFromCandidate(to: server, isConnected: &isConnected) }
        do throws(Errno) {
            return try Descriptor.connecting(to: server, from: .anyReusable, isConnected: &isConnected)
        } catch {
            if error != .addressNotAvailable { throw error }
            isExhausted = true
            return try connectFromCandidate(to: server, isConnected: &isConnected)
        }
    }

    /// Takes over a port that an earlier run left in TIME_WAIT, of any range: the kernel itself would not choose it.
    private mutating func connectFromCandidate(
        to server: RawAddress, isConnected: inout Bool
    ) throws(Errno) -> Descriptor {
        for _ in 0..<min(Self.mostTries, range.count) {
            candidate = candidate < range.upperBound ? candidate + 1 : range.lowerBound
            let local = RawAddress(host: server.host.unspecified, port: UInt16(candidate))
            do throws(Errno) {
                return try Descriptor.connecting(to: server, from: .chosen(local), isConnected: &isConnected)
            } catch {
                if !Self.isTaken(error) { throw error }
            }
        }
        throw .addressNotAvailable
    }

    private static func isTaken(_ error: Errno) -> Bool { error == .addressInUse || error == .addressNotAvailable }

    /// Takes the port of a connection that has ended cleanly.
    mutating func release(_ port: RawAddress) { free.append(port) }

    /// The port whose connection ended first; nil while there are too few: then the kernel chooses a new one.
    private mutating func takeOldest() -> RawAddress? {
        guard free.count - oldest >= rotating else { return nil }
        defer {
            oldest += 1
            if oldest > Self.mostRotating {
                free.removeFirst(oldest)
                oldest = 0
            }
        }
        return free[oldest]
    }
}

extension RawAddress.Host {
    /// 0.0.0.0 or ::, by which the kernel chooses the address.
    fileprivate var unspecified: RawAddress.Host {
        switch self {
        case .v4: .v4(0)
        case .v6(_, _, let scope): .v6(high: 0, low: 0, scope: scope)
        }
    }
}
