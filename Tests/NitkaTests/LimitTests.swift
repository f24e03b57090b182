// SPDX-License-Identifier: Apache-2.0

import NitkaSystem
import Testing

@testable import Nitka

@Suite struct LimitTests {
    @Test("a limit that is not positive is refused with one sentence", arguments: [0, -5])
    func checks(count: Int) throws {
        #expect(throws: NitkaError.self) { try Limits(clients: count) }
        #expect(throws: NitkaError.self) { try Limits(clientsPerSource: count) }
        #expect(throws: NitkaError.self) { try Limits(idleTimeout: .seconds(count)) }
        #expect(throws: NitkaError.self) { try Limits(writeTimeout: .seconds(count)) }
        #expect(throws: NitkaError.self) { try Limits(maximumAge: .seconds(count)) }
        do throws(NitkaError) {
            _ = try Limits(clients: count)
        } catch {
            #expect("\(error)" == "set the limit clients to \(count): it must be 1 or more")
        }
        #expect(try Limits(clients: 1, idleTimeout: nil).idleTimeout == nil)
        #expect(try Limits(clients: 7) != Limits())
    }

    @Test("a full server is reported once while new clients replace those that end") func fullness() {
        let start = MonotonicTime(nanoseconds: 0)
        var fullness = Fullness()
        #expect(fullness.isNewlyFull(100, of: 100, at: start) == true)
        fullness.clientEnded(active: 99, of: 100)
        #expect(fullness.isNewlyFull(100, of: 100, at: start + .seconds(90)) == false)
        fullness.clientEnded(active: 89, of: 100)
        #expect(fullness.isNewlyFull(100, of: 100, at: start + .seconds(59)) == false)
        #expect(fullness.isNewlyFull(100, of: 100, at: start + .seconds(61)) == true)
    }

    @Test("a full server leaves new connections in the backlog until a client ends", arguments: ServingModel.allCases)
    func fullServerWaits(model: ServingModel) throws {
        let count = model == .iterative ? 1 : 2
        try withServer(model, limits: Limits(clients: count)) { running in
            let clients = try (0..<count).map { _ in try running.connect() }
            for client in clients { #expect(try client.echo("1") == "1") }
            let late = try running.connect()
            try late.write(Array("2".utf8))
            late.idleTimeout = .milliseconds(200)
            #expect(throws: NitkaError.self) { try late.read() }
            #expect(running.server.snapshot().active == count)
            clients[0].close()
            late.idleTimeout = .seconds(20)
            #expect(try late.read() == Array("2".utf8))
        }
    }

    // The next two need a second client while the first is served, so `iterative` can't have them.

    @Test("a full server that rejects closes new connections at once", arguments: ServingModel.concurrent)
    func fullServerRejects(model: ServingModel) throws {
        try withServer(model, limits: Limits(clients: 1, whenFull: .reject)) { running in
            let first = try running.connect()
            #expect(try first.echo("1") == "1")
            #expect(try running.connect().readToEnd() == [])
            try running.expectEnd("over_limit")
            #expect(try first.echo("1") == "1")
        }
    }

    @Test("a source has at most its share of the clients", arguments: ServingModel.concurrent)
    func clientsPerSource(model: ServingModel) throws {
        try withServer(model, limits: Limits(clientsPerSource: 2)) { running in
            let held = try (0..<2).map { _ in try running.connect() }
            for connection in held { #expect(try connection.echo("x") == "x") }
            #expect(try running.connect().readToEnd() == [])
            held[0].close()
            try eventually("1 client is left") { running.server.snapshot().active == 1 }
            #expect(try running.connect().echo("y") == "y")
        }
    }

    @Test("a client that is silent is ended after the idle timeout, and not before", arguments: ServingModel.allCases)
    func idleTimeout(model: ServingModel) throws {
        try withServer(model, limits: Limits(idleTimeout: .milliseconds(300))) { running in
            let events = running.server.events()
            let connection = try running.connect()
            #expect(try connection.echo("x") == "x")
            let start = MonotonicTime.now
            #expect(try connection.echo("x") == "x")
            #expect(try connection.readToEnd() == [])
            expectTime(since: start, atLeast: .milliseconds(300))
            connection.close()
            #expect(events.firstRecord()?.reason == .idleTimeout)
        }
    }

    @Test("a client that sends a little now and then is ended at its maximum age", arguments: ServingModel.allCases)
    func maximumAge(model: ServingModel) throws {
        let start = MonotonicTime.now
        try withServer(model, limits: Limits(maximumAge: .milliseconds(300))) { running in
            let events = running.server.events()
            let connection = try running.connect()
            while (try? connection.echo("x")) == "x" {}
            connection.close()
            #expect(events.firstRecord()?.reason == .maximumAge)
            expectTime(since: start, atLeast: .milliseconds(300))
        }
    }

    @Test(
        "a paused server serves its clients and leaves new connections in the backlog until it resumes",
        arguments: ServingModel.allCases)
    func pauseAndResume(model: ServingModel) throws {
        try withServer(model) { running in
            let early = try running.connect()
            #expect(try early.echo("x") == "x")
            running.server.pause()
            let late = try running.connect()
            try late.write(Array("y".utf8))
            #expect(try early.echo("x") == "x")
            // Now also an iterative server is free.
            early.close()
            try eventually("the first client has ended") { running.server.snapshot().ended == 1 }
            late.idleTimeout = .milliseconds(200)
            #expect(throws: NitkaError.self) { try late.read() }
            running.server.resume()
            late.idleTimeout = .seconds(20)
            #expect(try late.read() == Array("y".utf8))
        }
    }
}
