// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem
internal import NitkaProbe

/// The settings, payload and time limit of one repetition of one stage.
struct StageContext {
    let settings: EchoCheck.Settings
    /// Differs between stages and repetitions, so that bytes from an earlier connection match no client.
    let payload: Payload
    let watchdog: StageWatchdog
    let deadline: MonotonicTime
    let connects = ConnectTimes()
    /// Whether a client that gets no reply may send more, to find out whether its earlier bytes were lost.
    var probesSilence = true

    init(_ settings: EchoCheck.Settings, _ stage: CheckStage, repetition: Int, _ watchdog: StageWatchdog) {
        self.settings = settings
        self.watchdog = watchdog
        let number = (CheckStage.allCases.firstIndex(of: stage) ?? 0) + repetition * CheckStage.allCases.count
        payload = Payload(seed: settings.seed &+ UInt64(number) << 32)
        // At least 3 s: with a timeout of a few milliseconds, a late reply must still be found and reported as late.
        let limit = max(settings.timeout * 15, .seconds(3))
        deadline = .now + limit + (stage == .idle ? settings.idle ?? .zero : .zero)
        watchdog.begin(until: deadline)
    }

    /// Runs a stage, and returns its finding.
    func run(
        _ stage: CheckStage, of check: EchoCheck, _ path: inout CheckPath
    ) throws(StageFailure) -> String {
        if stage == .resolve { return try resolve(check, &path) }
        if stage == .connect { return try connect(&path) }
        guard let address = path.address else { throw StageFailure(.notReached, "there is no address") }
        return switch stage {
        case .resolve, .connect, .echo: try echo(address, &path)
        case .integrity: try integrity(address)
        case .halfClose: try halfClose(address)
        case .together: try together(address)
        case .crossTalk: try crossTalk(address)
        case .idle: try idle(address)
        case .close: try close(address)
        }
    }

    /// Connects a client, and adds its connection to the watchdog.
    func open(_ number: Int, to address: SocketAddress) throws(StageFailure) -> CheckClient {
        if watchdog.isOver { throw StageFailure(.tooSlow, "client \(number) could not connect in time") }
        do throws(NitkaError) {
            let connection = try connect(to: address)
            // Longer than any wait for a reply: if a server stops reading, its silence must be found first.
            connection.writeTimeout = lateReplyLimit + .seconds(2)
            return CheckClient(number, connection, self)
        } catch {
            throw StageFailure(.connecting(error), "client \(number) could not connect: \(reason(of: error))")
        }
    }

    /// Opens a connection, and adds it to the watchdog.
    func connect(to address: SocketAddress) throws(NitkaError) -> Connection {
        let began = MonotonicTime.now
        let connection = try Connection.open(
            to: address, timeout: max(.milliseconds(1), min(settings.timeout, deadline - .now)),
            orInterruptedBy: watchdog.wakeNumber)
        connects.add(.now - began)
        watchdog.add(connection)
        return connection
    }

    /// Describes why a connection attempt failed, with the remedy if there is one.
    func reason(of error: NitkaError) -> String {
        switch CheckReason.connecting(error) {
        case .timedOut: "\(error.reason) after \(Figures.time(settings.timeout))"
        case .noResources where error.reason.code == Errno.tooManyInProcess.code: "\(error.reason) (see ulimit -n)"
        default: "\(error.reason)"
        }
    }

    /// How long to wait after the timeout, to distinguish a late reply from no reply.
    var lateReplyLimit: Duration { max(settings.timeout, .milliseconds(500)) }
}

/// How long the connections of one repetition of a stage took to be established. Only one thread may use it.
final class ConnectTimes {
    private(set) var slowest: Duration?
    private(set) var total = Duration.zero

    func add(_ duration: Duration) {
        slowest = max(slowest ?? .zero, duration)
        total += duration
    }
}
