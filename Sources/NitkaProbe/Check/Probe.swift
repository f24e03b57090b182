// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaKernel

/// One client of a check, used by one thread.
final class Probe {
    let number: Int
    private(set) var wasAnswered = false
    private(set) var slowestWait: Duration = .zero

    private let connection: Connection
    private var awaited: [UInt8] = []
    private var sent = MonotonicTime.now

    init(_ number: Int, _ connection: Connection) {
        self.number = number
        self.connection = connection
    }

    /// Sends what comes next of its stream: nil, or what went wrong.
    func send(_ count: Int, of payload: Payload) -> String? {
        awaited = payload.bytes(client: number, offset: connection.bytesSent, count: count)
        sent = .now
        do throws(NitkaError) {
            try connection.setWriteTimeout(.seconds(2))
            try connection.write(awaited)
            return nil
        } catch {
            return "client \(number) could not send: \(error.reason)"
        }
    }

    /// Reads the whole answer: nil when it is what was sent, or what went wrong.
    func receive(until deadline: MonotonicTime) -> String? {
        var answer: [UInt8] = []
        while answer.count < awaited.count {
            connection.readTimeout = max(.milliseconds(1), deadline - .now)
            do throws(NitkaError) {
                guard let bytes = try connection.read() else {
                    return "client \(number) was cut off after \(answer.count) of \(awaited.count) bytes"
                }
                answer += bytes
            } catch {
                slowestWait = max(slowestWait, .now - sent)
                if error.reason != .idle { return "client \(number) could not receive: \(error.reason)" }
                return answer.isEmpty
                    ? "client \(number) was not answered"
                    : "client \(number) got \(answer.count) of \(awaited.count) bytes"
            }
        }
        slowestWait = max(slowestWait, .now - sent)
        if answer == awaited {
            wasAnswered = true
            return nil
        }
        let offset = zip(answer, awaited).prefix { $0 == $1 }.count
        return offset == awaited.count
            ? "client \(number) got \(answer.count - offset) bytes that it never sent"
            : "client \(number) got bytes at offset \(offset) that are not its own"
    }

    func leave() { connection.close() }
}
