// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem

/// Runs an echo server on a free loopback port while the body runs: the target of `check` and `bench` without an
/// address.
func withServer<Result>(
    of model: ServingModel, limits: Limits = Limits(), announce: (String) -> Void,
    _ body: (Endpoint) throws -> Result
) throws -> Result {
    let server = try Server(on: "127.0.0.1:0", limits: limits)
    let thread = try KernelThread(named: "nitka-accept") {
        // If the server fails, its clients fail too, and the report names their errors.
        _ = try? model.serve(server)
    }
    announce("a new server at \(server.addresses[0]), model \(model.rawValue)")
    let result = Swift.Result { try body(Endpoint(server.addresses[0].description)) }
    server.endNow()
    thread.join()
    return try result.get()
}
