// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem
internal import NitkaProbe

/// The stages in which 1 client exchanges messages: echo, idle and close.
extension StageContext {
    /// Runs the stage at one address, or, if the settings require all addresses, at each that accepts connections.
    func echo(_ address: SocketAddress, _ path: inout CheckPath) throws(StageFailure) -> String {
        let finding = try echo(address, &path.echoes)
        let others = settings.requiresAllAddresses ? path.openAddresses.filter { $0 != address } : []
        for other in others {
            do throws(StageFailure) {
                var echoes = false
                _ = try echo(other, &echoes)
            } catch {
                throw StageFailure(error.reason, "\(other): \(error.finding)")
            }
        }
        return others.isEmpty ? finding : "\(finding), at \(others.count + 1) addresses"
    }

    /// Echoes 1 byte, every byte value, sizes around typical buffer sizes, and a message in single bytes.
    ///
    /// - Parameter echoes: set to true as soon as 1 byte came back, even if the stage fails later.
    private func echo(_ address: SocketAddress, _ echoes: inout Bool) throws(StageFailure) -> String {
        let client = try open(1, to: address)
        try client.exchangeFirstByte()
        echoes = true
        try client.exchangeEveryByte()
        for size in Self.echoSizes { try client.exchange(size) }
        for _ in 0..<64 { try client.send(1) }
        try client.receive(64)
        return "all byte values, \(Self.echoSizes.count) sizes up to \(Self.echoSizes.last ?? 0), single bytes"
    }

    /// Sizes around powers of two, which are typical buffer sizes, and around 1448 and 1460, the payload of a TCP segment
    /// on Ethernet.
    static let echoSizes: [Int] = {
        let edges = [64, 128, 256, 512, 1024, 1448, 1460, 2048, 4096, 8192, 16_384, 32_768, 65_536]
        return [1, 2, 3, 7, 8, 9] + edges.flatMap { [$0 - 1, $0, $0 + 1] }
    }()

    /// Leaves the connection silent, then exchanges one more message: a firewall or proxy that drops the state of silent
    /// connections is noticed only then.
    func idle(_ address: SocketAddress) throws(StageFailure) -> String {
        let silence = settings.idle ?? .zero
        let client = try open(1, to: address)
        try client.exchange(64)
        let began = MonotonicTime.now
        switch try client.read(within: silence) {
        case .silence:
            try client.exchange(64)
            return "the connection survived \(Figures.time(silence)) of silence"
        case .end:
            let elapsed = Figures.time(.now - began)
            throw StageFailure(.closedEarly, "the connection was closed after \(elapsed) of silence")
        // The server owes nothing.
        case .bytes(let bytes): throw client.mismatch(bytes)
        }
    }

    /// Half-closes after the last reply: the server must end the connection with a FIN.
    func close(_ address: SocketAddress) throws(StageFailure) -> String {
        let client = try open(1, to: address)
        try client.exchange(64)
        client.closeWrite()
        switch try client.awaitEnd() {
        case .finished: return "ended with a FIN"
        case .reset: throw StageFailure(.resetOnClose, "ended with a reset")
        case .never: throw StageFailure(.noEnd, "the client half-closed, but the server did not end the connection")
        }
    }
}

extension CheckClient {
    /// Exchanges 1 byte. If no reply comes, sends the end of a line, to detect a server that replies only to lines.
    fileprivate func exchangeFirstByte() throws(StageFailure) {
        let (letter, newline) = (UInt8(ascii: "n"), UInt8(ascii: "\n"))
        do throws(StageFailure) {
            try exchangePlain([letter])
        } catch {
            guard error.reason == .noAnswer else { throw error }
            try sendPlain([newline])
            guard case .bytes(let bytes) = try read(within: context.settings.timeout) else { throw error }
            if bytes.first == newline { throw StageFailure(.lost, "client \(number): the first byte was lost") }
            throw StageFailure(.linesOnly, "the server replies only to complete lines")
        }
    }

    /// Exchanges all byte values: some servers and paths interpret an end of line, an end of text or a telnet command.
    fileprivate func exchangeEveryByte() throws(StageFailure) { try exchangePlain(Array(0...255)) }

    private func exchangePlain(_ bytes: [UInt8]) throws(StageFailure) {
        try sendPlain(bytes)
        var answer: [UInt8] = []
        while answer.count < bytes.count {
            switch try read(until: context.deadline) {
            case .bytes(let more): answer += more
            case .end: throw StageFailure(.closedEarly, "client \(number): the server ended the stream")
            case .silence: throw try silence(after: answer, of: bytes)
            }
        }
        if let difference = difference(answer, bytes) { throw difference }
    }

    private func sendPlain(_ bytes: [UInt8]) throws(StageFailure) {
        do throws(NitkaError) { try connection.write(bytes) } catch { throw failure(of: error, "sending") }
    }

    private func silence(after answer: [UInt8], of bytes: [UInt8]) throws(StageFailure) -> StageFailure {
        if let difference = difference(answer, bytes) { return difference }
        if case .bytes(let more) = try read(within: context.lateReplyLimit) {
            let whole = answer + more
            if whole.count <= bytes.count, whole == Array(bytes.prefix(whole.count)) { return late }
        }
        let timeout = Figures.time(context.settings.timeout)
        if answer.isEmpty {
            return StageFailure(.noAnswer, "client \(number) got no reply within \(timeout)")
        }
        let arrived = "\(answer.count) of \(bytes.count) bytes came back"
        return StageFailure(.short, "client \(number): \(arrived), then nothing for \(timeout)")
    }

    private func difference(_ answer: [UInt8], _ sent: [UInt8]) -> StageFailure? {
        // For example a greeting.
        if answer.count > sent.count, answer.first != sent.first {
            return StageFailure(.unsent, "the reply is not an echo: \(MachineText.received(answer, limit: 40))")
        }
        if let (arrived, expected) = zip(answer, sent).first(where: { $0 != $1 }) {
            // The message counts up: the next value in place of the expected one means that this byte is missing.
            return answer.count < sent.count && arrived == expected &+ 1
                ? StageFailure(.lost, "a byte of value \(expected) does not come back")
                : StageFailure(.changed, "a byte of value \(expected) comes back as \(arrived)")
        }
        return answer.count > sent.count ? StageFailure(.unsent, "more bytes came back than were sent") : nil
    }
}
