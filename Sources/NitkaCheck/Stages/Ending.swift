// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem
internal import NitkaProbe

extension StageContext {
    /// A firewall or a proxy that forgets silent connections shows only after the silence.
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
            let lasted = Figures.time(.now - began)
            throw StageFailure(.closedEarly, "the connection was ended after \(lasted) of silence")
        // Nothing is owed.
        case .bytes(let bytes): throw client.mismatch(bytes)
        }
    }

    /// Everything was said and answered: the server ends the connection with a FIN when the client has.
    func close(_ address: SocketAddress) throws(StageFailure) -> String {
        let client = try open(1, to: address)
        try client.exchange(64)
        client.endSending()
        switch try client.awaitEnd() {
        case .finished: return "ended with a FIN"
        case .reset: throw StageFailure(.resetOnClose, "ended with a reset")
        case .never: throw StageFailure(.noEnd, "the client has finished, and the server does not")
        }
    }
}
