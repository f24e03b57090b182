// SPDX-License-Identifier: Apache-2.0

import NitkaBench
import Testing

@Suite struct OutcomeTests {
    @Test("the error count is the sum over all kinds") func errorsAreSummedOverTheirKinds() {
        var outcome = BenchOutcome(plan: BenchPlan(), address: "127.0.0.1:7", began: "2026-11-25T00:00:00.000Z")
        outcome.errors = ["connection reset": 3, "timed out": 4]
        #expect(outcome.errorCount == 7)
    }
}
