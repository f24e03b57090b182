// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaSystem
import Testing

/// The echo service forwards a client to itself: messages through memory, bulk through a pipe. The peer must not notice.
@Suite struct ForwardTests {
    @Test("bulk and messages in turn are echoed in order", arguments: ServingModel.allCases)
    func bulkAndMessages(model: ServingModel) throws {
        try withServer(model) { running in
            let connection = try running.connect()
            for seed in 1...3 as ClosedRange<UInt64> {
                let stream = pattern(8 << 20, seed: seed)
                try together(2) { side in
                    if side == 0 {
                        try connection.write(stream)
                    } else {
                        #expect(try connection.read(exactly: stream.count) == stream)
                    }
                }
                for number in 0..<40 { #expect(try connection.echo("\(seed) \(number)") == "\(seed) \(number)") }
            }
            connection.closeWrite()
            #expect(try connection.readToEnd() == [])
            try running.expectEnd("peer_finished")
            let snapshot = running.server.snapshot()
            #expect(snapshot.bytesIn == snapshot.bytesOut)
            #expect(snapshot.bytesIn > 24 << 20)
        }
    }

    /// A relay that gathers bulk must not wait for more than the client sends, nor may a drain wait for it.
    @Test("a client that sends bulk and then waits gets all of it, and is drained", arguments: ServingModel.allCases)
    func bulkThenSilence(model: ServingModel) throws {
        try withServer(model, limits: Limits(idleTimeout: .seconds(5))) { running in
            let connection = try running.connect()
            let message = pattern(500_001)
            for _ in 0..<80 {
                try together(2) { side in
                    if side == 0 { return try connection.write(message) }
                    #expect(try connection.read(exactly: message.count) == message)
                }
            }
            running.server.drain()
            #expect(try connection.readToEnd() == [])
            connection.close()
            #expect(running.ended()?.endedByReason == ["drained": 1])
        }
    }

    @Test("a stream that ends while the relay gathers bulk comes back whole", arguments: ServingModel.allCases)
    func bulkThenEnd(model: ServingModel) throws {
        try withServer(model) { running in
            let connection = try running.connect()
            let stream = pattern(48 << 20 + 1)
            try together(2) { side in
                if side == 0 {
                    try connection.write(stream)
                    connection.closeWrite()
                } else {
                    #expect(try connection.readToEnd() == stream)
                }
            }
            try running.expectEnd("peer_finished")
        }
    }

    @Test("a client that streams and reads nothing is ended after the write timeout", arguments: ServingModel.allCases)
    func bulkWithoutReader(model: ServingModel) throws {
        let start = MonotonicTime.now
        try withServer(model, limits: Limits(writeTimeout: .milliseconds(300))) { running in
            let connection = try running.connect()
            let block = pattern(1 << 20)
            #expect(throws: NitkaError.self) { while true { try connection.write(block) } }
            try running.expectEnd("write_timeout")
            expectTime(since: start, atLeast: .milliseconds(300))
        }
    }

    @Test("messages of every size in turn are echoed in order", arguments: ServingModel.allCases)
    func sizes(model: ServingModel) throws {
        try withServer(model) { running in
            let connection = try running.connect()
            var total = 0
            for round in 0..<3 {
                for size in [1, 63, 64, 65, 4096, 32_767, 32_768, 32_769, 65_535, 65_536, 200_000] {
                    let message = pattern(size, seed: UInt64(size + round))
                    try connection.write(message)
                    #expect(try connection.read(exactly: size) == message)
                    total += size
                }
                for number in 0..<40 { #expect(try connection.echo("\(number % 10)") == "\(number % 10)") }
                total += 40
            }
            let snapshot = running.server.snapshot()
            #expect(snapshot.bytesIn == UInt64(total))
            try eventually("all bytes are counted") { running.server.snapshot().bytesOut == UInt64(total) }
        }
    }

    @Test("48 clients that send 30 kB each at once get their own bytes back", arguments: ServingModel.allCases)
    func simultaneousBursts(model: ServingModel) throws {
        let rest = pattern(30_000)
        try withServer(model) { running in
            try together(48) { number in
                let connection = try running.connect()
                for round in 0..<3 {
                    let burst = [UInt8(number), UInt8(round)] + rest
                    try connection.write(burst)
                    #expect(try connection.read(exactly: burst.count) == burst)
                }
            }
        }
    }

    @Test("small messages to a client that reads late are not lost", arguments: ServingModel.allCases)
    func lateReader(model: ServingModel) throws {
        try withServer(model) { running in
            let connection = try running.connect()
            let all = pattern(6 << 20)
            try together(2) { side in
                if side == 0 {
                    var position = 0
                    while position < all.count {
                        let end = min(position + 1000, all.count)
                        try connection.write(Array(all[position..<end]))
                        position = end
                    }
                    connection.closeWrite()
                } else {
                    // The server's writes must find no buffer space first: then its counter stops.
                    var last: (bytes: UInt64, moment: MonotonicTime) = (0, .now)
                    try eventually("the server waits for buffer space") {
                        let bytes = running.server.snapshot().bytesOut
                        if bytes != last.bytes { last = (bytes, .now) }
                        return bytes > 0 && .now > last.moment + .milliseconds(100)
                    }
                    #expect(try connection.readToEnd() == all)
                }
            }
            try running.expectEnd("peer_finished")
            let snapshot = running.server.snapshot()
            #expect(snapshot.bytesIn == UInt64(all.count) && snapshot.bytesOut == UInt64(all.count))
        }
    }
}
