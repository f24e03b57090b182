// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaKernel

extension StageContext {
    /// A look-up can't be interrupted: it has a thread of its own, which is left behind when it takes too long.
    func resolve(_ endpoint: Endpoint, _ path: inout CheckPath) throws(StageFailure) -> String {
        let answer = Monitor<Result<[SocketAddress], NitkaError>?>(nil)
        let threads = ThreadChain()
        do {
            try threads.start(named: "nitka-lookup") {
                let found = Result { () throws(NitkaError) in try endpoint.resolved() }
                answer.update { $0 = found }
            }
        } catch {
            throw StageFailure(.noThread, "this machine gives no more threads")
        }
        guard let result = answer.wait(until: .now + settings.timeout, for: { $0 }) else {
            throw StageFailure(.timedOut, "no answer about the name \(endpoint.host)")
        }
        _ = threads.join(until: nil)
        do throws(NitkaError) {
            path.addresses = try result.get()
        } catch {
            throw StageFailure(.notFound, error.description)
        }
        if path.addresses.isEmpty { throw StageFailure(.notFound, "the name \(endpoint.host) has no address") }
        return path.addresses.map(\.host).joined(separator: ", ")
    }
}
