// SPDX-License-Identifier: Apache-2.0

import NitkaSystem
import Testing

@testable import Nitka

@Suite struct EndReasonTests {
    @Test("a client's end is judged by errors of its own connection only") func reasonsOfErrors() {
        let (own, other) = (ConnectionID(1), ConnectionID(2))
        func reason(_ reason: NitkaError.Reason, of connection: ConnectionID?) -> EndReason {
            EndReason(
                handlerError: NitkaError("read from", "10.0.0.1:80", reason, connection: connection), connection: own,
                peerHasFinished: false)
        }
        #expect(reason(.system(.connectionReset), of: own) == .peerReset)
        #expect(reason(.system(.timedOut), of: own) == .timedOut)
        #expect(reason(.idleTimeout, of: own) == .idleTimeout)
        #expect(reason(.writeTimeout, of: own) == .writeTimeout)
        #expect(reason(.maximumAge, of: own) == .maximumAge)
        #expect(
            reason(.system(.connectionReset), of: other)
                == .handlerFailed("read from 10.0.0.1:80: connection reset by peer"))
        #expect(reason(.system(.connectionRefused), of: nil).code == "handler_failed")
        #expect(EndReason(handlerError: nil, connection: own, peerHasFinished: true) == .peerFinished)
        #expect(EndReason(handlerError: nil, connection: own, peerHasFinished: false) == .handlerFinished)
        #expect(EndReason.handlerFailed("a\u{1b}b").description == "handler failed: a\\u{1b}b")
    }

    @Test("a handler that throws ends its own client only", arguments: ServingModel.allCases)
    func handlerThatThrows(model: ServingModel) throws {
        struct Oops: Error {}
        let handlers = Handlers {
            guard let bytes = try $0.read() else { return }
            if bytes == Array("throw".utf8) { throw Oops() }
            try $0.write(bytes)
        } tasks: {
            guard let bytes = try await $0.read() else { return }
            if bytes == Array("throw".utf8) { throw Oops() }
            try await $0.write(bytes)
        }
        try withServer(model, handlers: handlers) { running in
            let events = running.server.events()
            let bad = try running.connect()
            try bad.write(Array("throw".utf8))
            #expect(try bad.readToEnd() == [])
            bad.close()
            #expect(events.firstRecord()?.reason == .handlerFailed("Oops()"))
            #expect(try running.connect().echo("x") == "x")
        }
    }

    @Test("a client can be disconnected by its number", arguments: ServingModel.allCases)
    func disconnect(model: ServingModel) throws {
        try withServer(model) { running in
            let events = running.server.events()
            let connection = try running.connect()
            #expect(try connection.echo("x") == "x")
            #expect(running.server.disconnect(client: 1))
            #expect(events.firstRecord()?.reason == .disconnected)
            #expect(!running.server.disconnect(client: 1))
        }
    }
}
