// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// Runs `body` on a thread of its own, and suspends the task meanwhile: for calls that block.
nonisolated(nonsending) func onThread<Value: Sendable>(
    named name: String, _ operation: String, _ subject: String,
    _ body: @escaping @Sendable () throws(NitkaError) -> Value
) async throws(NitkaError) -> Value {
    let threads = ThreadGroup()
    let result: Result<Value, NitkaError> = await withUnsafeContinuation { continuation in
        do throws(Errno) {
            try threads.start(named: name) {
                continuation.resume(returning: Result { () throws(NitkaError) in try body() })
            }
        } catch {
            continuation.resume(returning: .failure(NitkaError(operation, subject, .system(error))))
        }
    }
    // The thread has nothing left to do but to end.
    _ = threads.join(until: nil)
    return try result.get()
}
