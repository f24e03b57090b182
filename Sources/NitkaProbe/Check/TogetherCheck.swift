// SPDX-License-Identifier: Apache-2.0

internal import NitkaKernel
public import Nitka

/// Are several clients served at the same time, and does each get its own bytes?
///
/// All connect before any is talked to, and stay until the last has been answered. In each round they are talked to in
/// another order, with bytes that no other client sends.
public struct TogetherCheck: Sendable {
    /// The addresses of one server; the first that answers is used.
    public let endpoint: Endpoint
    /// How it is played.
    public let settings: Settings

    /// How a check is played.
    public struct Settings: Hashable, Sendable {
        /// How many clients at once; 1 or more.
        public var clients = 8
        /// How many messages each client sends; 1 or more.
        public var rounds = 4
        /// How many bytes a message has; 1 or more.
        public var size = 512
        /// How long an answer may take before the client counts as not served.
        public var timeout: Duration = .seconds(2)

        /// The defaults.
        public init() {}
    }

    /// A check of the server at an endpoint.
    public init(_ endpoint: Endpoint, _ settings: Settings = Settings()) {
        self.endpoint = endpoint
        self.settings = settings
    }

    /// Runs the check on the calling thread; it takes a few times the timeout at most.
    ///
    /// - Throws: ``Nitka/NitkaError`` when nothing can be judged: the first client can't even connect.
    public func run() throws(NitkaError) -> TogetherReport {
        var report = TogetherReport(endpoint: endpoint, clients: settings.clients)
        var probes: [Probe] = []
        for number in 1...max(1, settings.clients) {
            do throws(NitkaError) {
                probes.append(Probe(number, try Connection.open(to: endpoint, timeout: settings.timeout)))
            } catch {
                if number == 1 { throw error }
                report.problems.append("client \(number) could not connect: \(error.reason)")
                break
            }
        }
        report.connected = probes.count
        for _ in 0..<max(1, settings.rounds) where report.problems.isEmpty { playRound(probes, &report) }
        report.servedTogether = probes.count { $0.wasAnswered }
        report.slowestWait = probes.map(\.slowestWait).max() ?? .zero
        if report.servedTogether < probes.count, report.servedTogether > 0 { askTheNext(probes, &report) }
        for probe in probes { probe.leave() }
        return report
    }

    /// Everybody speaks before anybody listens; then the answers are fetched in another order.
    private func playRound(_ probes: [Probe], _ report: inout TogetherReport) {
        let deadline = MonotonicTime.now + settings.timeout
        let payload = Payload(seed: 1)
        var speakers = probes
        speakers.shuffle()
        for probe in speakers {
            if let problem = probe.send(settings.size, of: payload) {
                report.problems.append(problem)
            }
        }
        var listeners = probes
        listeners.shuffle()
        for probe in listeners {
            if let problem = probe.receive(until: deadline) { report.problems.append(problem) }
        }
    }

    /// One that was answered leaves. When that gets somebody served who was not, clients wait for one another.
    private func askTheNext(_ probes: [Probe], _ report: inout TogetherReport) {
        for probe in probes where probe.wasAnswered { probe.leave() }
        let deadline = MonotonicTime.now + min(settings.timeout, .seconds(1))
        for probe in probes where !probe.wasAnswered {
            if probe.receive(until: deadline) == nil, probe.wasAnswered {
                report.clientsWaitForOneAnother = true
                return
            }
        }
    }
}
