// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaEcho
import NitkaSystem
import Testing

@Suite struct EchoTests {
    @Test(arguments: ServingModel.allCases)
    func everyByteValueComesBack(model: ServingModel) throws {
        try withServer(model) { running in
            let all = (0...255).map { UInt8($0) }
            let connection = try running.connect()
            try connection.write(all)
            #expect(try connection.read(exactly: 256) == all)
        }
    }

    @Test(arguments: ServingModel.allCases)
    func halfCloseIsServedInFullToASlowReader(model: ServingModel) throws {
        try withServer(model) { running in
            let sent = pattern(6 << 20)
            let connection = try running.connect()
            try together(2) { side in
                if side == 0 {
                    try connection.write(sent)
                    connection.closeWrite()
                } else {
                    var got: [UInt8] = []
                    var room = [UInt8](repeating: 0, count: 8192)
                    while true {
                        var span = room.mutableSpan
                        guard let count = try connection.read(into: &span) else { break }
                        got += room[..<count]
                    }
                    #expect(got == sent)
                }
            }
        }
    }

    @Test(arguments: ServingModel.allCases)
    func manyClientsOneAfterAnother(model: ServingModel) throws {
        try withServer(model) { running in
            for number in 1...50 {
                let connection = try running.connect()
                #expect(try connection.echo("client \(number)") == "client \(number)")
                connection.close(gracefullyWithin: .seconds(2))
            }
            try eventually("all have gone") { running.server.snapshot().ended == 50 }
            let snapshot = running.server.snapshot()
            #expect(snapshot.accepted == 50)
            #expect(snapshot.endedByReason == ["peer_finished": 50])
            #expect(snapshot.bytesIn == snapshot.bytesOut)
        }
    }

    @Test(arguments: ServingModel.concurrent)
    func manyClientsAtOnce(model: ServingModel) throws {
        try withServer(model) { running in
            try together(64) { number in
                let connection = try running.connect()
                for round in 0..<20 { #expect(try connection.echo("\(number) \(round)") == "\(number) \(round)") }
            }
        }
    }

    @Test func secondClientWaitsUnderIterative() throws {
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

    /// Closing with the peer's bytes unread would reset, and destroy the answer on its way.
    @Test(arguments: ServingModel.allCases)
    func aHandlerThatReturnsEarlyLosesNothingOfItsAnswer(model: ServingModel) throws {
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
