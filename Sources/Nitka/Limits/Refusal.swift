// SPDX-License-Identifier: Apache-2.0

extension Limits {
    /// Why one more client is refused; nil when it is admitted.
    func refusal(active: Int, ofSource: Int) -> EndReason? {
        if active >= clients { return .overLimit("the server serves \(clients.counted("client"))") }
        if ofSource >= clientsPerSource {
            return .overLimit("the server serves \(clientsPerSource.counted("client")) from this source")
        }
        return nil
    }
}
