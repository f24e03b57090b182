// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

// What a task of the loop may wait for, beside its connections.

extension EventLoop {
    /// Suspends a task of this loop until every other job that is ready has run.
    nonisolated(nonsending) func letOthersRun() async {
        await withUnsafeContinuation { $0.resume() }
    }

    /// Suspends a task of this loop until a moment in the loop's nanoseconds.
    package nonisolated(nonsending) func pause(until moment: Int64) async {
        let watch = Watch()
        add(watch)
        defer { remove(watch.token) }
        _ = await withUnsafeContinuation { continuation in
            watch.reader.wait(continuation, until: moment)
            setAlarm(watch)
        }
    }
}
