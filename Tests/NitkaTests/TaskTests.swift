// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaSystem
import Testing

@Suite struct TaskTests {
    @Test("an async handler returns to its loop after every kind of `await` that the documentation names")
    func staysOnItsLoop() throws {
        let names = Monitor<Set<String>>([])
        let handlers = Handlers.tasks { client in
            let note: @Sendable () -> Void = { names.update { _ = $0.insert(CurrentThread.name) } }
            note()
            while let bytes = try await client.read() {
                note()
                try await Task.sleep(for: .milliseconds(1))
                note()
                await Task.yield()
                async let child: Void = { note() }()
                await child
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 { group.addTask { note() } }
                }
                await Counter().add(note)
                note()
                try await client.write(bytes)
                note()
            }
        }
        try withServer(.tasks, handlers: handlers) { running in
            let connection = try running.connect()
            for _ in 0..<20 { #expect(try connection.echo("x") == "x") }
            #expect(names.withLock { $0.count } == 1)
            #expect(names.withLock { $0.allSatisfy { $0.hasPrefix("loop-") } })
        }
    }

    @Test("the bytes of two writers in one handler never interleave", arguments: ServingModel.allCases)
    func twoWriters(model: ServingModel) throws {
        // More than the kernel queues: both writers have to wait in the middle.
        let size = 12 << 20
        let handlers = Handlers { client in
            try together(2) { try client.write([UInt8](repeating: UInt8($0 + 1), count: size)) }
        } tasks: { client in
            async let first: Void = client.write([UInt8](repeating: 1, count: size))
            async let second: Void = client.write([UInt8](repeating: 2, count: size))
            _ = try await (first, second)
        }
        try withServer(model, handlers: handlers) { running in
            let got = try running.connect().readToEnd()
            let (ones, twos) = ([UInt8](repeating: 1, count: size), [UInt8](repeating: 2, count: size))
            #expect(got == ones + twos || got == twos + ones)
        }
    }

    @Test("clients that stream without end do not starve the others", arguments: ServingModel.concurrent)
    func noStarvation(model: ServingModel) throws {
        try withServer(model) { running in
            let streams = try (0..<4).map { _ in try running.connect() }
            let talker = try running.connect()
            let isOver = Monitor(false)
            let block = pattern(1 << 20)
            try together(9) { index in
                if index == 8 {
                    for _ in 0..<200 { #expect(try talker.echo("x") == "x") }
                    isOver.update { $0 = true }
                } else if index < 4 {
                    while !isOver.withLock({ $0 }) { try streams[index].write(block) }
                    streams[index].closeWrite()
                } else {
                    while try streams[index - 4].read() != nil {}
                }
            }
        }
    }

    @Test("a handler that only reads, or only writes, without a wait does not starve the other clients of its loop")
    func noStarvationByOneDirection() throws {
        let handlers = Handlers.tasks { client in
            switch try await client.read()?.first {
            case UInt8(ascii: "r"):
                var buffer = [UInt8](repeating: 0, count: 16)
                var span = buffer.mutableSpan
                while try await client.read(into: &span) != nil {}
            case UInt8(ascii: "w"):
                while true { try await client.write([1]) }
            default: try await client.write([1])
            }
        }
        try withServer(.tasks, handlers: handlers, loops: 1) { running in
            let (reader, writer) = (try running.connect(), try running.connect())
            let isOver = Monitor(false)
            let block = pattern(1 << 20)
            try together(3) { index in
                switch index {
                case 0:
                    try reader.write(Array("r".utf8))
                    while !isOver.withLock({ $0 }) { try reader.write(block) }
                    reader.close()
                case 1:
                    try writer.write(Array("w".utf8))
                    while !isOver.withLock({ $0 }) { _ = try writer.read() }
                    writer.close()
                default:
                    defer { isOver.update { $0 = true } }
                    for _ in 0..<50 {
                        let reply = try running.connect().echo("x")
                        #expect(reply == "\u{1}")
                    }
                }
            }
        }
    }

    @Test(
        "a client that never stops sending to a handler that only reads is cut off, not reset",
        arguments: ServingModel.concurrent)
    func cutOffOfAReader(model: ServingModel) throws {
        let handlers = Handlers(
            plain: { client in while try client.read() != nil {} },
            tasks: { client in
                // A span this small never empties the socket, so no read waits.
                var buffer = [UInt8](repeating: 0, count: 16)
                var span = buffer.mutableSpan
                while try await client.read(into: &span) != nil {}
            })
        try withServer(model, handlers: handlers) { running in
            let connection = try running.connect()
            let block = pattern(1 << 16)
            for _ in 0..<20 { try connection.write(block) }
            running.server.drain(within: .milliseconds(400))
            try together(2) { index in
                if index == 0 {
                    while (try? connection.write(block)) != nil {}
                } else {
                    let end = try connection.read()
                    #expect(end == nil)
                    connection.close()
                }
            }
            #expect(running.ended()?.endedByReason == ["cut_off": 1])
        }
    }

    @Test("200 servers start, serve and drain, 8 at a time", arguments: ServingModel.allCases)
    func manyServers(model: ServingModel) throws {
        // Each one waits for the quiet time of a drain, so several run at once.
        try together(8) { lane in
            for round in 0..<25 {
                let running = try RunningServer(model, limits: Limits(), handlers: .echo)
                let connection = try running.connect()
                #expect(try connection.echo("\(lane) \(round)") == "\(lane) \(round)")
                running.server.drain(within: .seconds(20))
                #expect(try connection.read() == nil)
                connection.close()
                #expect(running.ended()?.endedByReason == ["drained": 1])
                running.stop()
            }
        }
    }
}

private actor Counter {
    func add(_ note: @Sendable () -> Void) { note() }
}
