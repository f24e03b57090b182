// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaProbe
internal import NitkaSystem

/// What ended a connection that was still needed.
enum BenchProblem: Error, Hashable {
    /// The kind under which it is counted. It has no address, so that the same failure of many clients adds up.
    case error(String)
    case mismatch(String)

    static let timedOut = BenchProblem.error("timed out")
    static let closed = BenchProblem.error("closed by the server")
    static let connectTimedOut = BenchProblem.error(connecting + "timed out")
    /// What the kind of an error of connect(2) begins with.
    static let connecting = "connect: "

    static func connect(_ errno: Errno) -> BenchProblem {
        errno == .timedOut ? connectTimedOut : .error(connecting + errno.description)
    }
}

/// One TCP connection of a client: sends a stream of bytes that only this connection has, and compares what comes back.
final class BenchConnection {
    private let worker: BenchWorker
    /// The client's index in the loop.
    private let client: Int
    /// The number of the stream.
    private let stream: Int
    private let socket: LoopSocket

    /// True if the connection takes turns with others on its local port, see ``LocalPorts``.
    private let takesTurns: Bool

    /// False while connect(2) is in progress.
    private(set) var isConnected = false
    /// Offset in the stream up to which the kernel has taken the bytes.
    private(set) var sent: UInt64 = 0
    /// Offset in the stream up to which the bytes came back.
    private(set) var received: UInt64 = 0

    /// False if the last `recv` emptied the socket and epoll has reported nothing since.
    private var mayHaveInput = false
    /// A short receive does not mean that the socket is empty, see `LoopReadiness.mayHaveMore`.
    private var mayHaveMore = false
    private var reportsSpace: Bool

    /// Bytes of one `recv` or `send`.
    static let pieceBytes = 65_536

    /// Starts to connect.
    ///
    /// - Parameter takesTurns: true for one of many connections that end soon.
    init(_ worker: BenchWorker, client: Int, stream: Int, takesTurns: Bool = false) throws(BenchProblem) {
        (self.worker, self.client, self.stream, self.takesTurns) = (worker, client, stream, takesTurns)
        do throws(Errno) {
            var isConnected = false
            let descriptor = try worker.ports.connect(
                to: worker.address.raw, takesTurns: takesTurns, isConnected: &isConnected)
            try SocketOptions.applyToLoopClient(descriptor.number)
            // The socket is writable when the attempt is decided. Later, most clients never fill their send buffer.
            reportsSpace = !isConnected
            try worker.loop.register(descriptor.number, of: client, writable: reportsSpace)
            self.isConnected = isConnected
            socket = LoopSocket(owning: descriptor)
        } catch {
            throw .connect(error)
        }
    }

    /// Takes note of what epoll reported.
    func note(_ readiness: LoopReadiness) throws(BenchProblem) {
        if readiness.isReadable { mayHaveInput = true }
        if readiness.mayHaveMore { mayHaveMore = true }
        if !isConnected, readiness.isWritable {
            if let failure = socket.connectionFailure() { throw .connect(failure) }
            isConnected = true
        }
    }

    /// Receives once and compares: bytes that differ, or that were not sent yet, are a mismatch.
    func receive() throws(BenchProblem) -> Received {
        let result = try receiveUnchecked()
        if case .bytes(let count) = result { try compare(count) }
        return result
    }

    /// Receives once into the worker's input block.
    func receiveUnchecked() throws(BenchProblem) -> Received {
        if !mayHaveInput { return .nothing }
        do throws(Errno) {
            let result = try socket.receive(into: worker.input)
            switch result {
            // A short receive has emptied the socket, see epoll(7). After a hang-up no further event would come.
            case .bytes(let count): if count < Self.pieceBytes, !mayHaveMore { mayHaveInput = false }
            case .nothing: mayHaveInput = false
            case .endOfStream: break
            }
            return result
        } catch {
            throw .error(error.description)
        }
    }

    private func compare(_ count: Int) throws(BenchProblem) {
        var problem: BenchProblem?
        worker.input.withPrefix(count) { bytes in
            if worker.payload.firstDifference(in: bytes, client: stream, offset: received) != nil {
                problem = .mismatch(worker.diagnosis(of: bytes, stream: stream, offset: received))
            }
        }
        if let problem { throw problem }
        received &+= UInt64(count)
        if received > sent {
            throw .mismatch("client \(worker.number(ofStream: stream)), offset \(sent): bytes that were not sent yet")
        }
    }

    /// Sends the next piece of the stream up to an offset; false when the kernel has no more space for now.
    func send(upTo end: UInt64) throws(BenchProblem) -> Bool {
        let count = Int(min(end &- sent, UInt64(Self.pieceBytes)))
        worker.output.fillPrefix(count) { worker.payload.fill(&$0, client: stream, offset: sent) }
        do throws(Errno) {
            if case .bytes(let taken) = try socket.send(worker.output, from: 0, to: count) {
                sent &+= UInt64(taken)
                if taken == count { return true }
            }
            if !reportsSpace { try worker.loop.reportSpace(socket.number, of: client) }
            reportsSpace = true
            return false
        } catch {
            throw .error(error.description)
        }
    }

    func closeWrite() { socket.shutDown(.sending) }

    func close() { socket.close() }

    /// Closes the connection after both FINs: its local port is free for another connection.
    func closeAfterEnd() {
        let port = takesTurns ? socket.localAddress : nil
        socket.close()
        if let port { worker.ports.release(port) }
    }
}
