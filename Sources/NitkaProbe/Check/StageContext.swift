// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaKernel

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
        deadline = .now + settings.timeout * 15 + (stage == .idle ? settings.idle ?? .zero : .zero)
        watch.begin(until: deadline)
    }

    func ask(
        _ stage: CheckStage, of endpoint: Endpoint, _ path: inout CheckPath
    ) throws(StageFailure) -> String {
        if stage == .resolve { return try resolve(endpoint, &path) }
        if stage == .connect { return try connect(&path) }
        guard let address = path.address else { throw StageFailure(.notReached, "there is no address") }
        return switch stage {
        case .resolve, .connect, .echo: try echo(address)
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
        do throws(NitkaError) {
            let connection = try Connection.open(to: address, timeout: settings.timeout)
            watch.add(connection)
            try connection.setWriteTimeout(settings.timeout)
            return CheckClient(number, connection, self)
        } catch {
            throw StageFailure(.connecting(error), "client \(number) could not connect: \(error.reason)")
        }
    }
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
        default: .failed
        }
    }
}
