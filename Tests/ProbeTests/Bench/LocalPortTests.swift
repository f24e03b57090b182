// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaEcho
import NitkaSystem
import Testing

@testable import NitkaBench

/// The local ports of the load generator.
@Suite struct LocalPortTests {
    /// The generator sends FIN first, so each visit leaves its port in TIME_WAIT.
    @Test("visits take turns on few ports, and the server sees a clean end of each")
    func visitsTakeTurns() async throws {
        let resets = Monitor(0)
        let ends = Monitor(0)
        try await withServer({ client in
            do {
                try await EchoService.serve(client)
            } catch {
                resets.update { $0 += 1 }
            }
            ends.update { $0 += 1 }
        }) { address in
            // With so many workers, one of them has 1 port for its turns.
            var ports = LocalPorts(workers: LocalPorts.mostRotating)
            var used: Set<RawAddress> = []
            for _ in 0..<50 { used.insert(try visit(address, &ports)) }
            // Another test may take the port between 2 visits: then the next port has its turn.
            #expect(used.count < 10)
            #expect(ends.wait(until: .now + .seconds(30)) { $0 == 50 ? true : nil } == true)
            #expect(resets.withLock { $0 } == 0)
        }
    }

    /// Connects, exchanges a message, half-closes, and waits for the server's FIN. Returns the local address.
    private func visit(_ address: SocketAddress, _ ports: inout LocalPorts) throws -> RawAddress {
        var isConnected = false
        let descriptor = try ports.connect(to: address.raw, takesTurns: true, isConnected: &isConnected)
        let number = descriptor.number
        let deadline = MonotonicTime.now + .seconds(30)
        try #require(isConnected || poll(number, for: .writable, orInterruptedBy: -1, until: deadline) == .ready)
        let socket = LoopSocket(owning: descriptor)
        let local = try #require(socket.localAddress)
        let message = [UInt8](repeating: 7, count: 64)
        guard case .bytes(64) = try socket.send(message.span.bytes) else {
            throw BenchObstacle(description: "the send buffer is full")
        }
        let block = ByteBlock(count: 64)
        socket.shutDown(.sending)
        while true {
            _ = poll(number, orInterruptedBy: -1, until: deadline)
            if case .endOfStream = try socket.receive(into: block) { break }
        }
        socket.close()
        ports.release(local)
        return local
    }

    @Test("a port that another connection still has is not taken from it")
    func portsInUseAreSkipped() async throws {
        try await withServer({ try await EchoService.serve($0) }) { address in
            var ports = LocalPorts(workers: LocalPorts.mostRotating)
            var isConnected = false
            let first = LoopSocket(
                owning: try ports.connect(to: address.raw, takesTurns: true, isConnected: &isConnected))
            let local = try #require(first.localAddress)
            ports.release(local)
            let second = LoopSocket(
                owning: try ports.connect(to: address.raw, takesTurns: true, isConnected: &isConnected))
            #expect(second.localAddress != local)
            first.close()
            second.close()
        }
    }

    @Test(
        "each error of a short machine has a remedy, at connect(2) and later",
        arguments: [
            Errno.addressNotAvailable, .tooManyInProcess, .tooManyInSystem, .noBuffers, .noMemory, .tryAgain,
        ])
    func shortagesHaveRemedies(error: Errno) {
        #expect(Shortage(error) != nil)
        #expect(Shortage(kind: "\(error)") != nil)
        #expect(Shortage(kind: "connect: \(error)") != nil)
        #expect(BenchObstacle("cannot do it", error).description.contains("; remedy: "))
    }

    @Test("errors of the server are no shortage") func errorsOfTheServerAreNoShortage() {
        for kind in ["connect: connection refused", "timed out", "connect: timed out", "closed by the server"] {
            #expect(Shortage(kind: kind) == nil)
        }
        #expect(Shortage(.connectionReset) == nil)
    }
}
