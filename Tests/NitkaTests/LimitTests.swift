// SPDX-License-Identifier: Apache-2.0

@testable import Nitka
import NitkaSystem
import Testing

@Suite struct LimitTests {
    @Test(arguments: ServingModel.concurrent)
    func fullServerLetsNewcomersWait(model: ServingModel) throws {
        var limits = Limits()
        limits.clients = 2
        try withServer(model, limits: limits) { running in
            let first = try running.connect()
            let second = try running.connect()
            #expect(try first.echo("1") == "1")
            #expect(try second.echo("2") == "2")
            let third = try running.connect()
            try third.write(Array("3".utf8))
            third.idleTimeout = .milliseconds(200)
            #expect(throws: NitkaError.self) { try third.read() }
            first.close()
            third.idleTimeout = .seconds(20)
            #expect(try third.read() == Array("3".utf8))
        }
    }

    @Test(arguments: ServingModel.concurrent)
    func fullServerRejectsWhenToldTo(model: ServingModel) throws {
        var limits = Limits()
        limits.clients = 1
        limits.whenFull = .reject
        try withServer(model, limits: limits) { running in
            let first = try running.connect()
            #expect(try first.echo("1") == "1")
            #expect(try running.connect().readToEnd() == [])
            try eventually("it is in the sums") { running.server.snapshot().endedByReason == ["over_limit": 1] }
            #expect(try first.echo("1") == "1")
        }
    }

    @Test(arguments: ServingModel.concurrent)
    func oneSourceHasNoMoreThanItsShare(model: ServingModel) throws {
        var limits = Limits()
        limits.clientsPerSource = 2
        try withServer(model, limits: limits) { running in
            let held = try (0..<2).map { _ in try running.connect() }
            for connection in held { #expect(try connection.echo("x") == "x") }
            #expect(try running.connect().readToEnd() == [])
            held[0].close()
            try eventually("one has gone") { running.server.snapshot().active == 1 }
            #expect(try running.connect().echo("y") == "y")
        }
    }

    @Test(arguments: ServingModel.allCases)
    func anIdleClientIsEnded(model: ServingModel) throws {
        var limits = Limits()
        limits.idleTimeout = .milliseconds(300)
        try withServer(model, limits: limits) { running in
            let events = running.server.events()
            let connection = try running.connect()
            #expect(try connection.readToEnd() == [])
            connection.close()
            #expect(events.firstRecord()?.reason == .idleTimeout)
        }
    }

    @Test(arguments: ServingModel.allCases)
    func aClientThatDripsIsEndedByItsAge(model: ServingModel) throws {
        var limits = Limits()
        limits.maximumAge = .milliseconds(300)
        try withServer(model, limits: limits) { running in
            let events = running.server.events()
            let connection = try running.connect()
            while (try? connection.echo("x")) == "x" {}
            connection.close()
            #expect(events.firstRecord()?.reason == .maximumAge)
        }
    }

    @Test(arguments: ServingModel.concurrent)
    func pauseKeepsNewcomersInTheQueueAndResumeServesThem(model: ServingModel) throws {
        try withServer(model) { running in
            let early = try running.connect()
            #expect(try early.echo("x") == "x")
            running.server.pause()
            let late = try running.connect()
            try late.write(Array("y".utf8))
            late.idleTimeout = .milliseconds(200)
            #expect(throws: NitkaError.self) { try late.read() }
            #expect(try early.echo("x") == "x")
            running.server.resume()
            late.idleTimeout = .seconds(20)
            #expect(try late.read() == Array("y".utf8))
        }
    }

    @Test(arguments: ServingModel.allCases)
    func oneClientIsEndedByItsNumber(model: ServingModel) throws {
        try withServer(model) { running in
            let events = running.server.events()
            let connection = try running.connect()
            #expect(try connection.echo("x") == "x")
            #expect(running.server.disconnect(client: 1))
            #expect(events.firstRecord()?.reason == .disconnected)
            #expect(!running.server.disconnect(client: 1))
        }
    }

    @Test(arguments: ServingModel.allCases)
    func aHandlerThatThrowsEndsItsClientAlone(model: ServingModel) throws {
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
}
