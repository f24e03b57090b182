// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaSystem
import Testing

@Suite(.serialized) struct ThreadTests {
    @Test("each client has its own thread, which runs its whole handler") func oneThreadPerClient() throws {
        let seen = Monitor<[ClientID: Set<Int32>]>([:])
        let handlers = Handlers.plain { client in
            let note = { seen.update { _ = $0[client.id, default: []].insert(CurrentThread.id) } }
            note()
            while let bytes = try client.read() {
                note()
                try client.write(bytes)
            }
            note()
        }
        try withServer(.threads, handlers: handlers) { running in
            let connections = try (0..<100).map { _ in try running.connect() }
            for connection in connections { #expect(try connection.echo("x") == "x") }
            let ids = seen.withLock { $0 }
            #expect(ids.count == 100)
            #expect(Set(ids.values.flatMap { $0 }).count == 100)
            for connection in connections { connection.close() }
            try eventually("all clients have ended") { running.server.snapshot().active == 0 }
            #expect(seen.withLock { $0.values.allSatisfy { $0.count == 1 } })
        }
    }

    @Test("a client's thread is named after its client, and ends with it") func threadNames() throws {
        let names = Monitor<[String]>([])
        let handlers = Handlers.plain { client in
            names.update { $0.append(CurrentThread.name) }
            while try client.read() != nil {}
        }
        try withServer(.threads, handlers: handlers) { running in
            let connections = try (0..<10).map { _ in try running.connect() }
            try eventually("10 handlers run") { names.withLock { $0.count == 10 } }
            #expect(names.withLock { $0.sorted() } == (1...10).map { "client-\($0)" }.sorted())
            for connection in connections { connection.close() }
            try eventually("the threads have ended") { running.server.snapshot().ended == 10 }
        }
    }

    @Test("an iterative server runs every handler on the accepting thread") func acceptingThread() throws {
        let seen = Monitor<Set<Int32>>([])
        try withServer(.iterative, handlers: .plain { _ in seen.update { _ = $0.insert(CurrentThread.id) } }) {
            running in
            for _ in 0..<5 { _ = try running.connect().readToEnd() }
            #expect(seen.withLock { $0.count } == 1)
        }
    }
}
