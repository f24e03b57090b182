// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem
internal import NitkaProbe

extension StageContext {
    /// Both directions at once, as fast as the server takes it.
    func integrity(_ address: SocketAddress) throws(StageFailure) -> String {
        let client = try open(1, to: address)
        let began = MonotonicTime.now
        try streaming(settings.bulk, by: client, endsSending: false) { () throws(StageFailure) in
            try client.receive(settings.bulk)
        }
        let rate = Double(settings.bulk) / max((MonotonicTime.now - began) / .seconds(1), 1e-9)
        return "\(Figures.bytes(Double(settings.bulk))) each way at once, \(Figures.bytes(rate)) a second"
    }

    /// Sends, ends sending, and reads slowly: what waits in the server and on the way must outlive the end of input.
    func halfClose(_ address: SocketAddress) throws(StageFailure) -> String {
        let client = try open(1, to: address)
        let count = min(settings.bulk, 1 << 20)
        try streaming(count, by: client, endsSending: true) { () throws(StageFailure) in
            var pauses = 16
            while client.received < UInt64(count) {
                if pauses > 0 { pause(.milliseconds(20)) }
                pauses -= 1
                try client.receive(1)
            }
            if try client.awaitEnd() == .never {
                throw StageFailure(.halfCloseIgnored, "all \(count) bytes came back, and no end after them")
            }
        }
        return "\(Figures.bytes(Double(count))) came back after end of sending, then FIN"
    }

    /// Writes on one thread while the body reads on this one.
    private func streaming(
        _ count: Int, by client: CheckClient, endsSending: Bool, _ body: () throws(StageFailure) -> Void
    ) throws(StageFailure) {
        let writer = try client.stream(count, endsSending: endsSending)
        defer { writer.join() }
        do throws(StageFailure) {
            try body()
        } catch {
            // The writer may be blocked, and nobody reads any more.
            client.connection.shutDown()
            throw error
        }
    }

    /// Waits on a condition that never comes: a thread that sleeps.
    private func pause(_ duration: Duration) { _ = Monitor(false).wait(until: .now + duration) { $0 ? true : nil } }
}
