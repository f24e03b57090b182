// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem
internal import NitkaProbe

extension StageContext {
    /// Whether clients wait for one another shows only in silence, which must not be broken by asking again.
    func together(_ address: SocketAddress) throws(StageFailure) -> String {
        let crowd = try CheckCrowd(quiet, at: address)
        let all = crowd.clients.count
        for _ in 0..<max(1, settings.rounds) {
            let failures = crowd.play(settings.size)
            guard let first = failures.first else { continue }
            let count = "\(crowd.answered.count) of \(all) served at once"
            let isSilence = failures.allSatisfy { $0.reason == .noAnswer || $0.reason == .short }
            if isSilence, let late = crowd.late() { throw StageFailure(late.reason, "\(count); \(late.finding)") }
            if isSilence, crowd.othersAreServedWhenTheAnsweredLeave() {
                throw StageFailure(.waitsForOthers, "\(count), another only when one had left")
            }
            throw StageFailure(first.reason, "\(count); \(first.finding)")
        }
        return "\(all) of \(all) served at once, slowest wait \(Figures.time(crowd.slowestWait))"
    }

    /// Streams of many clients at the same time, each of which names its client at every place.
    func crossTalk(_ address: SocketAddress) throws(StageFailure) -> String {
        let crowd = try CheckCrowd(quiet, at: address)
        for _ in 0..<Self.crossTalkRounds {
            guard let first = crowd.play(Self.crossTalkPiece).first else { continue }
            let isSilence = first.reason == .noAnswer || first.reason == .short
            throw isSilence ? crowd.late() ?? first : first
        }
        let each = Figures.bytes(Double(Self.crossTalkRounds * Self.crossTalkPiece))
        return "\(crowd.clients.count) clients got their own bytes alone, \(each) each"
    }

    /// As much as any path holds while nobody reads.
    private static let crossTalkPiece = 16 * 1024
    private static let crossTalkRounds = 16

    private var quiet: StageContext {
        var context = self
        context.probesSilence = false
        return context
    }
}
