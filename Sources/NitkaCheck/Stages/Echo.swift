// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem
internal import NitkaProbe

extension StageContext {
    /// One byte, every byte, sizes around the ends of buffers, and a message byte by byte.
    ///
    /// - Parameter echoes: whether anything came back, told also when it fails.
    func echo(_ address: SocketAddress, _ echoes: inout Bool) throws(StageFailure) -> String {
        let client = try open(1, to: address)
        try client.exchangeFirstByte()
        echoes = true
        try client.exchangeEveryByte()
        for size in Self.echoSizes { try client.exchange(size) }
        for _ in 0..<64 { try client.send(1) }
        try client.receive(64)
        return "every byte value, \(Self.echoSizes.count) sizes to \(Self.echoSizes.last ?? 0), single bytes"
    }

    /// Powers of two are the sizes of buffers, and 1448 and 1460 those of segments on an Ethernet.
    static let echoSizes: [Int] = {
        let edges = [64, 128, 256, 512, 1024, 1448, 1460, 2048, 4096, 8192, 16_384, 32_768, 65_536]
        return [1, 2, 3, 7, 8, 9] + edges.flatMap { [$0 - 1, $0, $0 + 1] }
    }()
}

extension CheckClient {
    /// A server that answers lines has nothing to say to a single byte, until the line ends.
    func exchangeFirstByte() throws(StageFailure) {
        let (letter, newline) = (UInt8(ascii: "n"), UInt8(ascii: "\n"))
        do throws(StageFailure) {
            try exchangePlain([letter])
        } catch {
            guard error.reason == .noAnswer else { throw error }
            try sendPlain([newline])
            guard case .bytes(let bytes) = try read(within: context.settings.timeout) else { throw error }
            if bytes.first == newline { throw StageFailure(.lost, "client \(number): its first byte is lost") }
            throw StageFailure(.linesOnly, "one byte is answered only when the line ends")
        }
    }

    /// Some servers and paths take a few values for their own: the end of a line, of a text, a telnet command.
    func exchangeEveryByte() throws(StageFailure) { try exchangePlain(Array(0...255)) }

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
        if case .bytes(let more) = try read(within: context.lateness) {
            let whole = answer + more
            if whole.count <= bytes.count, whole == Array(bytes.prefix(whole.count)) { return late }
        }
        let patience = Figures.time(context.settings.timeout)
        if answer.isEmpty {
            return StageFailure(.noAnswer, "client \(number) was not answered within \(patience)")
        }
        let came = "\(answer.count) of \(bytes.count) bytes came back"
        return StageFailure(.short, "client \(number): \(came), then nothing for \(patience)")
    }

    private func difference(_ answer: [UInt8], _ sent: [UInt8]) -> StageFailure? {
        // A greeting, say: not an answer at all.
        if answer.count > sent.count, answer.first != sent.first {
            return StageFailure(.unsent, "what came is no echo: \(EscapedText(utf8: answer, limit: 40))")
        }
        if let (came, went) = zip(answer, sent).first(where: { $0 != $1 }) {
            // The values of the message count up: the next one says that this one is missing.
            return answer.count < sent.count && came == went &+ 1
                ? StageFailure(.lost, "a byte of value \(went) does not come back")
                : StageFailure(.changed, "a byte of value \(went) comes back as \(came)")
        }
        return answer.count > sent.count ? StageFailure(.unsent, "more bytes came back than were sent") : nil
    }
}
