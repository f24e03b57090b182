// SPDX-License-Identifier: Apache-2.0

import NitkaCheck

/// On a machine that is busy with other tests silence comes before a wrong byte does, and what is late by little is late
/// by much. So what is not judged as it should be is judged again with more of it.
///
/// - Parameter factors: how many times the time, try by try.
func judgedPatiently(
    _ isRight: (CheckReport) -> Bool, factors: [Int] = [1, 3, 9], judge: (Int) async throws -> CheckReport
) async throws -> CheckReport {
    for factor in factors.dropLast() {
        let report = try await judge(factor)
        if isRight(report) { return report }
    }
    return try await judge(factors.last ?? 1)
}
