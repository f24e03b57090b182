// SPDX-License-Identifier: Apache-2.0

import Nitka
import NitkaSystem
import Testing

@Suite struct ConnectionTests {
    @Test("a shutdown from another thread wakes a blocked reader") func shutDownWakes() throws {
        try withServer(.threads) { running in
            let connection = try running.connect()
            try together(2) { side in
                guard side == 0 else { return connection.shutDown() }
                let rest = try connection.readToEnd()
                #expect(rest.isEmpty)
            }
        }
    }

    /// The number may return to the kernel only when the reader no longer uses it.
    @Test("a close from another thread wakes a blocked reader, and waits for it") func closeWakes() throws {
        try withServer(.threads) { running in
            let connection = try running.connect()
            let reader = Monitor<Int32?>(nil)
            try together(2) { side in
                if side == 0 {
                    reader.update { $0 = CurrentThread.id }
                    // The close wakes it, or it begins after the close; it never ends by its timeout.
                    do throws(NitkaError) {
                        #expect(try connection.read() == nil)
                    } catch {
                        #expect(error.reason == .closed)
                    }
                    return
                }
                let id = try #require(reader.wait(until: .now + .seconds(30)) { $0 })
                try eventually("the reader sleeps") {
                    ProcFile.text("/proc/self/task/\(id)/stat")?.contains(") S ") ?? false
                }
                connection.close()
                let error = #expect(throws: NitkaError.self) { try connection.read() }
                #expect(error?.reason == .closed)
            }
        }
    }

    @Test("a read or write on a closed connection throws `closed`") func closed() throws {
        try withServer(.threads) { running in
            let connection = try running.connect()
            connection.close()
            connection.close()
            let error = #expect(throws: NitkaError.self) { try connection.read() }
            #expect(error?.reason == .closed)
            #expect(throws: NitkaError.self) { try connection.write([1]) }
        }
    }

    @Test("a graceful close ends within its time although another thread reads or writes") func boundedClose() throws {
        for isWriter in [false, true] {
            let listener = try Listener(on: Endpoint("127.0.0.1:0"))
            let connection = try Connection.open(to: listener.addresses[0])
            let peer = try listener.accept()
            let threads = ThreadGroup()
            try threads.start(named: "holder") {
                if isWriter { try? connection.write(pattern(64 << 20)) } else { _ = try? connection.read() }
            }
            // Once the peer has bytes, the writer is at work; a reader has nothing to show.
            if isWriter { _ = try peer.read() }
            let start = MonotonicTime.now
            connection.close(gracefullyWithin: .milliseconds(100))
            #expect(.now - start < .seconds(20))
            #expect(threads.join(until: .now + .seconds(30)))
            #expect(connection.local == nil)
        }
    }

    @Test("the bytes of two writers never interleave") func twoWriters() throws {
        try withServer(.threads) { running in
            let connection = try running.connect()
            let size = 300_000
            try together(3) { side in
                if side < 2 {
                    try connection.write([UInt8](repeating: UInt8(side), count: size))
                } else {
                    let got = try connection.read(exactly: 2 * size)
                    #expect(Set(got[..<size]).count == 1)
                    #expect(Set(got[size...]).count == 1)
                }
            }
        }
    }

    @Test("a refused connection is reported in one sentence") func refused() throws {
        let address = try Server(on: "127.0.0.1:0").addresses[0]
        let error = #expect(throws: NitkaError.self) { try Connection.open(to: address) }
        #expect(error?.description == "connect to \(address): connection refused")
    }

    @Test("a port in use is reported in one sentence") func portInUse() throws {
        let server = try Server(on: "127.0.0.1:0")
        let error = #expect(throws: NitkaError.self) { try Server(on: "\(server.addresses[0])") }
        #expect(error?.description == "listen on \(server.addresses[0]): address already in use")
    }

    @Test("a listener on a name listens on all its addresses at one port") func localhost() throws {
        let server = try Server(on: "localhost:0")
        #expect(Set(server.addresses.map(\.port)).count == 1)
        #expect(server.addresses.allSatisfy { $0.isLoopback })
    }

    @Test("a listener accepts connections without a server") func listenerAlone() throws {
        let listener = try Listener(on: Endpoint("localhost:0"))
        for address in listener.addresses {
            let near = try Connection.open(to: address)
            let far = try listener.accept()
            #expect(far.peer == near.local)
            #expect(far.local == address)
            try near.write([1, 2, 3])
            near.closeWrite()
            #expect(try far.readToEnd() == [1, 2, 3])
            try far.write([4])
            far.close(gracefullyWithin: .seconds(2))
            #expect(try near.readToEnd() == [4])
        }
    }
}
