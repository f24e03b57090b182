// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

extension EventLoops {
    /// Runs `body` on event loops that are there for as long as it runs.
    ///
    /// ```swift
    /// try await EventLoops.with(count: 2) { loops in
    ///     let connection = try await AsyncConnection.open(to: Endpoint("localhost:7007"))
    ///     try await connection.write([1, 2, 3])
    /// }
    /// ```
    ///
    /// The body runs on the first of them. It must await what it starts on the others: what a task without an owner
    /// still waits for when the scope ends never comes.
    ///
    /// - Parameter count: how many loops, 1 or more; nil for one on each processor that this process may use.
    /// - Throws: what the body throws, and ``NitkaError`` when the loops can't be made.
    public static func with<Result: Sendable>(
        count: Int? = nil, _ body: @Sendable (EventLoops) async throws -> Result
    ) async throws -> Result {
        let loops = try make(count)
        // Its threads have nothing left to do when the body has returned, so this does not wait.
        defer { loops.stop() }
        return try await withTaskExecutorPreference(loops.first) { try await body(loops) }
    }

    /// Runs `body` like ``with(count:_:)``, and blocks the calling thread meanwhile: for a program's main function.
    ///
    /// - Throws: as there.
    @available(*, noasync, message: "await EventLoops.with")
    public static func run<Value: Sendable>(
        count: Int? = nil, _ body: @escaping @Sendable (EventLoops) async throws -> Value
    ) throws -> Value {
        let loops = try make(count)
        defer { loops.stop() }
        let outcome = Monitor<Result<Value, any Error>?>(nil)
        Task(executorPreference: loops.first) {
            let result: Result<Value, any Error>
            do {
                result = .success(try await body(loops))
            } catch {
                result = .failure(error)
            }
            outcome.update { [result] in $0 = result }
        }
        return try outcome.wait { $0 }!.get()
    }

    /// Loops that the caller stops.
    package static func make(_ count: Int?) throws(NitkaError) -> EventLoops {
        do throws(Errno) {
            return try EventLoops(count: max(1, count ?? CurrentProcess.processorCount)) { _ in }
        } catch {
            throw NitkaError("make", "event loops", .system(error))
        }
    }
}
