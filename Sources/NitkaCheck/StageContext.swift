// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaSystem
internal import NitkaProbe

/// What a stage works with.
struct StageContext {
    let settings: EchoCheck.Settings
    /// Another for each stage and turn: bytes that come from an earlier connection are nobody's.
    let payload: Payload
    let watch: CheckWatch
    let deadline: MonotonicTime
    /// May a silent server be sent more, to learn whether what was sent before is lost?
    var probesSilence = true

    init(_ settings: EchoCheck.Settings, _ stage: CheckStage, turn: Int, _ watch: CheckWatch) {
        self.settings = settings
        self.watch = watch
        let number = (CheckStage.allCases.firstIndex(of: stage) ?? 0) + turn * CheckStage.allCases.count
        payload = Payload(seed: settings.seed &+ UInt64(number) << 32)
        // Whoever wants answers within milliseconds still wants to hear that they come late.
        let limit = max(settings.timeout * 15, .seconds(3))
        deadline = .now + limit + (stage == .idle ? settings.idle ?? .zero : .zero)
        watch.begin(until: deadline)
    }

    func ask(
        _ stage: CheckStage, of endpoint: Endpoint, _ path: inout CheckPath
    ) throws(StageFailure) -> String {
        if stage == .resolve { return try resolve(endpoint, &path) }
        if stage == .connect { return try connect(&path) }
        guard let address = path.address else { throw StageFailure(.notReached, "there is no address") }
        return switch stage {
        case .resolve, .connect, .echo: try echo(address, &path.echoes)
        case .integrity: try integrity(address)
        case .halfClose: try halfClose(address)
        case .together: try together(address)
        case .crossTalk: try crossTalk(address)
        case .idle: try idle(address)
        case .close: try close(address)
        }
    }

    /// A connected client, watched.
    func open(_ number: Int, to address: SocketAddress) throws(StageFailure) -> CheckClient {
        if watch.isOver { throw StageFailure(.tooSlow, "client \(number) could not connect in time") }
        do throws(NitkaError) {
            let connection = try connect(to: address)
            // A server that takes nothing is found by its silence, which is to come first.
            connection.writeTimeout = lateness + .seconds(2)
            return CheckClient(number, connection, self)
        } catch {
            throw StageFailure(.connecting(error), "client \(number) could not connect: \(reason(of: error))")
        }
    }

    /// A connection, watched.
    func connect(to address: SocketAddress) throws(NitkaError) -> Connection {
        let connection = try Connection.open(
            to: address, timeout: max(.milliseconds(1), min(settings.timeout, deadline - .now)),
            orInterruptedBy: watch.wakeNumber)
        watch.add(connection)
        return connection
    }

    /// Why a connection could not be made, and what helps.
    func reason(of error: NitkaError) -> String {
        switch CheckReason.connecting(error) {
        case .timedOut: "\(error.reason) after \(Figures.time(settings.timeout))"
        case .noResources where error.reason.code == Errno.tooManyInProcess.code: "\(error.reason) (see ulimit -n)"
        default: "\(error.reason)"
        }
    }

    /// How long to wait for an answer that did not come in time, to tell who is slow from who says nothing.
    var lateness: Duration { max(settings.timeout, .milliseconds(500)) }
}

extension CheckReason {
    /// Why a connection could not be made.
    static func connecting(_ error: NitkaError) -> CheckReason {
        if error.reason == .timedOut { return .timedOut }
        return switch error.reason.code.map({ Errno($0) }) {
        case .connectionRefused: .refused
        case .timedOut: .timedOut
        case .hostUnreachable, .networkUnreachable, .hostDown, .networkDown, .noNetwork: .unreachable
        case .connectionReset, .connectionAborted, .brokenPipe, .notConnected: .reset
        case .notPermitted, .accessDenied: .notPermitted
        case .tooManyInProcess, .tooManyInSystem, .noBuffers, .noMemory, .addressNotAvailable: .noResources
        default: .failed
        }
    }
}
