// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaSystem
import Testing

@Suite struct EchoTests {
    @Test("every byte value is echoed", arguments: ServingModel.allCases)
    func everyByteValue(model: ServingModel) throws {
        try withServer(model) { running in
            let all = (0...255).map { UInt8($0) }
            let connection = try running.connect()
            try connection.write(all)
            #expect(try connection.read(exactly: 256) == all)
        }
    }

    @Test("a client that half-closes and reads slowly gets everything back", arguments: ServingModel.allCases)
    func halfClose(model: ServingModel) throws {
        try withServer(model) { running in
            let sent = pattern(6 << 20)
            let connection = try running.connect()
            try together(2) { side in
                if side == 0 {
                    try connection.write(sent)
                    connection.closeWrite()
                } else {
                    var got: [UInt8] = []
                    var buffer = [UInt8](repeating: 0, count: 8192)
                    while true {
                        var span = buffer.mutableSpan
                        guard let count = try connection.read(into: &span) else { break }
                        got += buffer[..<count]
                    }
                    #expect(got == sent)
                }
            }
        }
    }

    @Test("50 clients one after another are served and counted", arguments: ServingModel.allCases)
    func sequentialClients(model: ServingModel) throws {
        try withServer(model) { running in
            for number in 1...50 {
                let connection = try running.connect()
                #expect(try connection.echo("client \(number)") == "client \(number)")
                connection.close(gracefullyWithin: .seconds(2))
            }
            try eventually("all clients have ended") { running.server.snapshot().ended == 50 }
            let snapshot = running.server.snapshot()
            #expect(snapshot.accepted == 50)
            #expect(snapshot.endedByReason == ["peer_finished": 50])
            #expect(snapshot.bytesIn == snapshot.bytesOut)
        }
    }

    @Test("64 clients that connect at once are all served", arguments: ServingModel.allCases)
    func simultaneousClients(model: ServingModel) throws {
        try withServer(model) { running in
            try together(64) { number in
                let connection = try running.connect()
                for round in 0..<20 { #expect(try connection.echo("\(number) \(round)") == "\(number) \(round)") }
            }
        }
    }

    @Test("an iterative server serves its second client after the first has ended") func secondClientWaits() throws {
        try withServer(.iterative) { running in
            let first = try running.connect()
            #expect(try first.echo("a") == "a")
            let second = try running.connect()
            try second.write(Array("b".utf8))
            second.idleTimeout = .milliseconds(300)
            #expect(throws: NitkaError.self) { try second.read() }
            first.close()
            second.idleTimeout = .seconds(20)
            #expect(try second.read() == Array("b".utf8))
        }
    }

    /// A close with unread input would reset, which destroys the answer on its way.
    @Test("the peer gets the whole answer of a handler that leaves input unread", arguments: ServingModel.allCases)
    func unreadInput(model: ServingModel) throws {
        let answer = pattern(3 << 20)
        let handlers = Handlers {
            _ = try $0.read()
            try $0.write(answer)
        } tasks: {
            _ = try await $0.read()
            try await $0.write(answer)
        }
        try withServer(model, handlers: handlers) { running in
            let connection = try running.connect()
            try connection.write([UInt8](repeating: 1, count: 300_000))
            #expect(try connection.readToEnd() == answer)
            connection.close()
        }
    }
}
