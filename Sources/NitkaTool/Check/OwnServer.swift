// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem

/// A server of our own on a free port, for as long as the body runs: what is checked or loaded where no address is given.
func withServer<Result>(
    of model: ServingModel, limits: Limits = Limits(), saying say: (String) -> Void,
    _ body: (Endpoint) throws -> Result
) throws -> Result {
    let server = try Server(on: "127.0.0.1:0", limits: limits)
    let thread = try KernelThread(named: "nitka-accept") {
        // What ends the server early is met by the clients, and said by the report.
        _ = try? model.serve(server)
    }
    say("a server of our own, model \(model.rawValue), at \(server.addresses[0])")
    let result = Swift.Result { try body(Endpoint(server.addresses[0].description)) }
    server.endNow()
    thread.join()
    return try result.get()
}
