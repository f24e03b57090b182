// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem
internal import NitkaProbe

extension StageContext {
    /// A look-up can't be interrupted: it has a thread of its own, which is left behind when it takes too long.
    func resolve(_ endpoint: Endpoint, _ path: inout CheckPath) throws(StageFailure) -> String {
        let answer = Monitor(LookUp.waiting)
        watch.whenStopped { answer.update { $0 = .stopped } }
        let threads = ThreadChain()
        do {
            try threads.start(named: "nitka-lookup") {
                let found = Result { () throws(NitkaError) in try endpoint.resolved() }
                answer.update { $0 = .done(found) }
            }
        } catch {
            throw StageFailure(.noThread, "this machine gives no more threads")
        }
        // Not the server's time: an address is a name too, and a thread may have to wait for a processor.
        let patience = max(settings.timeout, .seconds(2))
        let end = answer.wait(until: .now + patience) { (look: inout LookUp) -> LookUp? in
            if case .waiting = look { nil } else { look }
        }
        guard case .done(let found)? = end else {
            throw StageFailure(.timedOut, "no answer about the name \(endpoint.host) in \(Figures.time(patience))")
        }
        _ = threads.join(until: nil)
        do throws(NitkaError) {
            path.addresses = try found.get()
        } catch {
            throw StageFailure(.notFound, error.description)
        }
        if path.addresses.isEmpty { throw StageFailure(.notFound, "the name \(endpoint.host) has no address") }
        return path.addresses.map(\.host).joined(separator: ", ")
    }

    private enum LookUp: Sendable {
        case waiting
        case done(Result<[SocketAddress], NitkaError>)
        case stopped
    }
}
