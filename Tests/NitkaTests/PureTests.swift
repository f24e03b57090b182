// SPDX-License-Identifier: Apache-2.0

import NitkaSystem
import Testing

@testable import Nitka

@Suite struct PureTests {
    @Test(arguments: ["127.0.0.1:7007", "[::1]:7007", "localhost:0", "a-b.example.org:65535", "[fe80::1%lo]:7"])
    func endpointsPrintAsTheyWereParsed(text: String) throws {
        #expect(try Endpoint(text).description == text)
    }

    @Test(arguments: [
        "", ":", ":7", "a", "127.0.0.1", "127.0.0.1:", "127.0.0.1:+80", "127.0.0.1:065", "127.0.0.1:65536", "127.1:7",
        "256.0.0.1:7", "0x7f.1:7", "::1:7", "[::1]", "[::1:7", "[127.0.0.1]:7", "[]:7", "a b:7", "a\u{0}:7", "-a:7",
        "a..b:7", "127.0.0.1: 7", "127.0.0.1:7 ", "é:7", "127.0.0.1:-1", "127.0.0.1:1e3", "1.2.3.4.5:7", "a:٧",
    ])
    func whatIsNoEndpointIsRefused(text: String) {
        #expect(throws: NitkaError.self) { try Endpoint(text) }
    }

    @Test func mappedIPv4IsIPv4() {
        let mapped = SocketAddress(RawAddress(host: .v6(high: 0, low: 0xffff_7f00_0001, scope: 0), port: 7))
        #expect(mapped.description == "127.0.0.1:7")
        #expect(Source(mapped) == .v4(0x7f00_0001))
    }

    @Test func oneIPv6NetworkIsOneSource() throws {
        let one = try #require(RawAddress.Host(numeric: "2001:db8:1:2:3::1"))
        let other = try #require(RawAddress.Host(numeric: "2001:db8:1:2:ffff::9"))
        let third = try #require(RawAddress.Host(numeric: "2001:db8:1:3::1"))
        let sources = [one, other, third].map { Source(SocketAddress(RawAddress(host: $0, port: 1))) }
        #expect(sources[0] == sources[1])
        #expect(sources[0] != sources[2])
    }

    @Test("pauses of the accept loop double to 1 s and end with a success") func backOffDoubles() {
        var troubles = AcceptTroubles()
        let now = MonotonicTime(nanoseconds: 0)
        let pauses = (0..<10).map { _ in
            _ = troubles.failed(.shortage, at: now)
            return troubles.pausedUntil.map { $0 - now }
        }
        #expect(pauses.prefix(3) == [.milliseconds(5), .milliseconds(10), .milliseconds(20)])
        #expect(pauses.last == .seconds(1))
        troubles.succeeded()
        #expect(troubles.pausedUntil == nil)
        _ = troubles.failed(.shortage, at: now)
        #expect(troubles.pausedUntil == now + .milliseconds(5))
    }

    @Test("100 failing clients in a row are treated as a shortage; a dead listener ends the loop")
    func failuresInARow() {
        var troubles = AcceptTroubles()
        let now = MonotonicTime(nanoseconds: 0)
        for _ in 1..<100 {
            #expect(troubles.failed(.ofOneClient, at: now).goesOn)
            #expect(troubles.pausedUntil == nil)
        }
        #expect(troubles.failed(.ofOneClient, at: now).goesOn)
        #expect(troubles.pausedUntil == now + .milliseconds(5))
        #expect(troubles.failed(.listenerIsDead, at: now).goesOn == false)
    }

    @Test("a shortage is reported once per second, with the number of failures") func troubleIsReported() {
        var troubles = AcceptTroubles()
        let start = MonotonicTime(nanoseconds: 0)
        #expect(troubles.failed(.shortage, at: start).report == 1)
        for step in 1...9 { #expect(troubles.failed(.shortage, at: start + .milliseconds(step * 100)).report == nil) }
        #expect(troubles.failed(.shortage, at: start + .seconds(1)).report == 10)
    }

    @Test("the accept loop decides its next step from the server's state alone") func acceptSteps() {
        let now = MonotonicTime(nanoseconds: 1_000)
        func step(
            _ phase: ServerPhase = .running, isCuttingOff: Bool = false, hasWaitingClient: Bool = false,
            pausedUntil: MonotonicTime? = nil, isFull: Bool = false, whenFull: Limits.WhenFull = .wait
        ) -> AcceptStep {
            AcceptStep(
                phase: phase, isCuttingOff: isCuttingOff, hasWaitingClient: hasWaitingClient, pausedUntil: pausedUntil,
                now: now, isFull: isFull, whenFull: whenFull)
        }
        #expect(step() == .accept(mayWait: true))
        #expect(step(.draining) == .accept(mayWait: false))
        #expect(step(.paused) == .wait(until: nil))
        #expect(step(pausedUntil: now + .seconds(1)) == .wait(until: now + .seconds(1)))
        #expect(step(pausedUntil: now) == .accept(mayWait: true))
        #expect(step(hasWaitingClient: true) == .startThread)
        #expect(step(.draining, hasWaitingClient: true, isFull: true) == .startThread)
        #expect(step(isFull: true) == .wait(until: nil))
        #expect(step(isFull: true, whenFull: .reject) == .accept(mayWait: true))
        #expect(step(.draining, isFull: true, whenFull: .reject) == .wait(until: nil))
        #expect(step(.paused, isCuttingOff: true, hasWaitingClient: true) == .finish)
    }

    @Test("a graceful close ends when nothing can be lost any more") func gracefulClose() {
        let start = MonotonicTime(nanoseconds: 0)
        var closing = GracefulClose(deadline: start + .seconds(2), limit: 1000)
        #expect(closing.next(unacknowledged: 9, at: start) == .discard(until: start + .milliseconds(500)))
        closing.noteQuiet()
        #expect(closing.next(unacknowledged: 9, at: start) == .discard(until: start + .milliseconds(500)))
        #expect(closing.next(unacknowledged: 0, at: start) == .close)
        closing.noteDiscarded(500)
        #expect(closing.next(unacknowledged: 0, at: start) == .discard(until: start + .milliseconds(500)))
        closing.noteDiscarded(500)
        #expect(closing.next(unacknowledged: 1, at: start) == .wait(until: start + .milliseconds(10)))
        #expect(closing.next(unacknowledged: 0, at: start) == .close)
        #expect(closing.next(unacknowledged: 1, at: start + .milliseconds(1995)) == .wait(until: start + .seconds(2)))
        #expect(closing.next(unacknowledged: 1, at: start + .seconds(2)) == .close)
    }

    @Test("a client's end is judged by errors of its own connection only") func reasonsOfErrors() {
        let (own, other) = (ConnectionID.next(), ConnectionID.next())
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

    @Test("limits refuse what makes no sense, with one sentence", arguments: [0, -5])
    func limitsAreChecked(count: Int) throws {
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

    @Test func fullIsSaidOnceWhileClientsAreReplaced() {
        let start = MonotonicTime(nanoseconds: 0)
        var fullness = Fullness()
        #expect(fullness.isNewlyFull(100, of: 100, at: start) == true)
        fullness.clientEnded(active: 99, of: 100)
        #expect(fullness.isNewlyFull(100, of: 100, at: start + .seconds(90)) == false)
        fullness.clientEnded(active: 89, of: 100)
        #expect(fullness.isNewlyFull(100, of: 100, at: start + .seconds(59)) == false)
        #expect(fullness.isNewlyFull(100, of: 100, at: start + .seconds(61)) == true)
    }

    @Test func theTightestLimitOfTheMachineBinds() {
        var reading = MachineReading()
        reading.descriptorLimit = 64
        reading.descriptorsInUse = 10
        reading.pidLimit = 32_768
        reading.threadsOfSystem = 100
        #expect(reading.limits(hasThreadPerClient: true).first?.clients == 44)
        #expect(reading.freeDescriptors(beside: 44) == 2)
        #expect(reading.limits(hasThreadPerClient: true).first?.name == "descriptors (RLIMIT_NOFILE 64)")
        reading.descriptorLimit = nil
        #expect(reading.limits(hasThreadPerClient: false).isEmpty)
        #expect(reading.limits(hasThreadPerClient: true).first?.clients == 32_768 - 100 - MachineReading.spareThreads)
    }

    @Test func oneClientMayHaveWhatIsKeptBack() {
        var reading = MachineReading()
        reading.descriptorLimit = 13
        reading.descriptorsInUse = 6
        #expect(reading.limits(hasThreadPerClient: false, descriptors: 6).first?.clients == 1)
        #expect(reading.limits(hasThreadPerClient: false, descriptors: 7).first?.clients == 0)
        reading.descriptorLimit = nil
        reading.userThreadLimit = 5
        reading.threadsOfUser = 3
        #expect(reading.limits(hasThreadPerClient: true).first?.clients == 1)
        reading.threadsOfUser = 4
        #expect(reading.limits(hasThreadPerClient: true).first?.clients == 0)
    }

    @Test func mappingsBindOnlyWhereAStackCostsSome() {
        var reading = MachineReading()
        reading.mappingLimit = 65_530
        reading.mappingsInUse = 18
        #expect(reading.limits(hasThreadPerClient: true).first?.clients == 32_500)
        reading.mappingsPerStack = 0
        #expect(reading.limits(hasThreadPerClient: true).isEmpty)
    }

    @Test("vain busy polls become rarer, and a loop with many clients never polls") func busyPolls() {
        var policy = BusyPollPolicy()
        #expect(policy.polls() == false)
        policy.reported(1)
        var sleeps: [Int] = []
        for _ in 0..<15 {
            var count = 0
            while policy.polls() == false { count += 1 }
            sleeps.append(count)
            policy.polled(found: 0, wasPreempted: false)
        }
        #expect(sleeps == [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 4096])
        while policy.polls() == false {}
        policy.polled(found: 1, wasPreempted: false)
        #expect(policy.polls() == true)
        policy.polled(found: 1, wasPreempted: true)
        #expect((0..<4096).map { _ in policy.polls() }.contains(true) == false)
        #expect(policy.polls() == true)
        policy.reported(50)
        #expect((0..<10_000).map { _ in policy.polls() }.contains(true) == false)
    }

    @Test("a loop does not busy-poll for a stream") func noBusyPollForBulk() {
        var policy = BusyPollPolicy()
        policy.reported(1)
        policy.movedBulk()
        #expect(policy.polls() == false)
        policy.reported(1)
        #expect(policy.polls() == true)
    }

    @Test("timers fire in the order of their moments") func timersFireInOrder() {
        var timers = TimerHeap()
        let moments = (0..<500).map { Int64($0 * 7919 % 1009) }
        for (token, moment) in moments.enumerated() { timers.set(moment, for: UInt64(token)) }
        var fired: [Int64] = []
        while let timer = timers.next(at: 600) {
            #expect(moments[Int(timer.token)] == timer.moment)
            fired.append(timer.moment)
        }
        #expect(fired == moments.filter { $0 <= 600 }.sorted())
        #expect(timers.earliest == moments.filter { $0 > 600 }.min())
    }

    @Test("the token of a registration that was removed finds nothing, also when its slot is used again")
    func staleTokens() {
        var table = RegistrationTable()
        let first = table.insert(.connection(Registration()))
        table.remove(first)
        table.remove(first)
        let second = table.insert(.connection(Registration()))
        #expect(first != second)
        if case .free = table[first] {} else { Issue.record("the first is still there") }
        if case .connection = table[second] {} else { Issue.record("the second is not there") }
        #expect(table.registrations.count == 1)
    }

    @Test func aDrainWaitsThenCutsOffOnceThenShutsDown() {
        let start = MonotonicTime(nanoseconds: 0)
        var plan = DrainPlan(start: start, time: .seconds(4))
        #expect(plan.next(at: start) == .wait(until: start + .seconds(3)))
        #expect(plan.next(at: start + .seconds(3)) == .cutOff)
        #expect(plan.next(at: start + .seconds(3)) == .wait(until: start + .seconds(4)))
        #expect(plan.next(at: start + .seconds(4)) == .shutDown)
        #expect(plan.next(at: start + .seconds(5)) == .shutDown)
    }

    @Test(arguments: [
        ("plain", "plain"), ("a\nb\r\t", "a\\nb\\r\\t"), ("\u{1b}[2J", "\\u{1b}[2J"), ("\\n", "\\\\n"),
        ("\u{202e}x", "\\u{202e}x"), ("\u{2028}", "\\u{2028}"), ("\u{9b}1m", "\\u{9b}1m"), ("ж", "ж"),
        ("\u{7f}", "\\u{7f}"),
    ])
    func whatCouldHarmATerminalIsEscaped(raw: String, escaped: String) {
        #expect(EscapedText(raw).description == escaped)
    }

    @Test func everyByteIsEscapedToPrintableText() {
        for byte in UInt8.min...UInt8.max {
            let text = EscapedText(utf8: [byte]).description
            #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f })
        }
        #expect(EscapedText(utf8: [0xff, 0x41]).description == "\\xffA")
        #expect(EscapedText("abcdef", limit: 3).description == "abc… (3 bytes more)")
    }
}
