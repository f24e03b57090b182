// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaSystem
import Testing

@Suite struct KeepaliveTests {
    /// The kernel probes all clients of one second in one tick if their idle times are equal, and loses answers.
    @Test("the idle times before keepalive probes are spread over 60 to 90 s", arguments: ServingModel.concurrent)
    func spread(model: ServingModel) throws {
        try withServer(model) { running in
            let connections = try (0..<93).map { _ in try running.connect() }
            for connection in connections { #expect(try connection.echo("x") == "x") }
            // The kernel shows the keepalive timer once the last reply is acknowledged.
            var seconds: [Int] = []
            try eventually("each connection waits for its first probe") {
                seconds = secondsToProbe(ofServerAt: running.address.port)
                return seconds.count == 93
            }
            #expect(seconds.allSatisfy { (30...91).contains($0) })
            let perSecond = Dictionary(grouping: seconds) { $0 }.mapValues(\.count)
            #expect(perSecond.values.max() ?? 0 <= 12, "\(perSecond)")
        }
    }
}

/// When the kernel probes each connection of a local port: the timer in /proc/net/tcp, in ticks of 10 ms.
private func secondsToProbe(ofServerAt port: UInt16) -> [Int] {
    let own = String(UInt32(port) + 0x10000, radix: 16, uppercase: true).dropFirst()
    let lines = ProcFile.text("/proc/net/tcp")?.split(separator: "\n").dropFirst() ?? []
    return lines.compactMap { line in
        let fields = line.split(separator: " ")
        let (local, state, timer) = (fields[1], fields[3], fields[5])
        guard local.hasSuffix(":" + own), state == "01", timer.hasPrefix("02:") else { return nil }
        return Int(timer.dropFirst(3), radix: 16).map { $0 / 100 }
    }
}
