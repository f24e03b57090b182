// SPDX-License-Identifier: Apache-2.0

import NitkaProbe

/// On a machine that is busy with other tests silence comes before a wrong byte does, and what is late by little is late
/// by much. So what is not judged as it should be is judged again with three times the time, and with nine times.
func judgedPatiently(
    _ isRight: (CheckReport) -> Bool, judge: (Int) async throws -> CheckReport
) async throws -> CheckReport {
    for factor in [1, 3] {
        let report = try await judge(factor)
        if isRight(report) { return report }
    }
    return try await judge(9)
}
