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

    @Test func backOffDoublesToASecondAndEndsWithSuccess() {
        var backOff = BackOff()
        let pauses = (0..<10).map { _ in backOff.failed(.shortage) }
        #expect(pauses.prefix(3) == [.pause(.milliseconds(5)), .pause(.milliseconds(10)), .pause(.milliseconds(20))])
        #expect(pauses.last == .pause(.seconds(1)))
        backOff.succeeded()
        #expect(backOff.failed(.shortage) == .pause(.milliseconds(5)))
    }

    @Test func aHundredFailingClientsInARowAreAShortage() {
        var backOff = BackOff()
        for _ in 1..<100 { #expect(backOff.failed(.ofOneClient) == .retry) }
        #expect(backOff.failed(.ofOneClient) == .pause(.milliseconds(5)))
        #expect(backOff.failed(.listenerIsDead) == .giveUp)
    }

    @Test func troubleIsSaidOnceASecondWithItsCount() {
        var notice = TroubleNotice()
        let start = MonotonicTime(nanoseconds: 0)
        #expect(notice.count(at: start) == 1)
        for step in 1...9 { #expect(notice.count(at: start + .milliseconds(step * 100)) == nil) }
        #expect(notice.count(at: start + .seconds(1)) == 10)
    }

    @Test func fullIsSaidOnceWhileClientsAreReplaced() {
        let start = MonotonicTime(nanoseconds: 0)
        var fullness = Fullness()
        #expect(fullness.isNewlyFull(100, of: 100, at: start) == true)
        fullness.left(99, of: 100)
        #expect(fullness.isNewlyFull(100, of: 100, at: start + .seconds(90)) == false)
        fullness.left(89, of: 100)
        #expect(fullness.isNewlyFull(100, of: 100, at: start + .seconds(59)) == false)
        #expect(fullness.isNewlyFull(100, of: 100, at: start + .seconds(61)) == true)
    }

    @Test func theTightestLimitOfTheMachineBinds() {
        var reading = MachineReading()
        reading.descriptorLimit = 64
        reading.descriptorsInUse = 10
        reading.pidLimit = 32_768
        reading.threadsOfSystem = 100
        #expect(reading.limits(threadEach: true).first?.clients == 44)
        #expect(reading.freeDescriptors(beside: 44) == 2)
        #expect(reading.limits(threadEach: true).first?.name == "descriptors (RLIMIT_NOFILE 64)")
        reading.descriptorLimit = nil
        #expect(reading.limits(threadEach: false).isEmpty)
        #expect(reading.limits(threadEach: true).first?.clients == 32_768 - 100 - MachineReading.spareThreads)
    }

    @Test func oneClientMayHaveWhatIsKeptBack() {
        var reading = MachineReading()
        reading.descriptorLimit = 13
        reading.descriptorsInUse = 6
        #expect(reading.limits(threadEach: false, descriptors: 6).first?.clients == 1)
        #expect(reading.limits(threadEach: false, descriptors: 7).first?.clients == 0)
        reading.descriptorLimit = nil
        reading.userThreadLimit = 5
        reading.threadsOfUser = 3
        #expect(reading.limits(threadEach: true).first?.clients == 1)
        reading.threadsOfUser = 4
        #expect(reading.limits(threadEach: true).first?.clients == 0)
    }

    @Test func mappingsBindOnlyWhereAStackCostsSome() {
        var reading = MachineReading()
        reading.mappingLimit = 65_530
        reading.mappingsInUse = 18
        #expect(reading.limits(threadEach: true).first?.clients == 32_500)
        reading.mappingsPerStack = 0
        #expect(reading.limits(threadEach: true).isEmpty)
    }

    @Test func vainSpinsBecomeRarer() {
        var policy = SpinPolicy()
        #expect(policy.spins() == false)
        policy.reported(1)
        var sleeps: [Int] = []
        for _ in 0..<15 {
            var count = 0
            while policy.spins() == false { count += 1 }
            sleeps.append(count)
            policy.foundNothing()
        }
        #expect(sleeps == [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 4096])
        policy.found()
        policy.reported(50)
        let spins = (0..<10_000).map { _ in policy.spins() }
        #expect(!spins.contains(true))
    }

    @Test func aStreamIsNotSpunFor() {
        var policy = SpinPolicy()
        policy.reported(1)
        policy.streamed()
        #expect(policy.spins() == false)
        policy.reported(1)
        #expect(policy.spins() == true)
    }

    @Test func alarmsSoundInTheOrderOfTheirMoments() {
        var alarms = Alarms()
        let moments = (0..<500).map { Int64($0 * 7919 % 1009) }
        for (token, moment) in moments.enumerated() { alarms.set(moment, for: UInt64(token)) }
        var sounded: [Int64] = []
        while let alarm = alarms.next(at: 600) {
            #expect(moments[Int(alarm.token)] == alarm.moment)
            sounded.append(alarm.moment)
        }
        #expect(sounded == moments.filter { $0 <= 600 }.sorted())
        #expect(alarms.earliest == moments.filter { $0 > 600 }.min())
    }

    @Test func aTokenOfASlotThatWasTakenAgainFindsNobody() {
        var slots = LoopSlots()
        let first = slots.insert(.watch(Watch()))
        slots.remove(first)
        slots.remove(first)
        let second = slots.insert(.watch(Watch()))
        #expect(first != second)
        if case .free = slots[first] {} else { Issue.record("the first is still there") }
        if case .watch = slots[second] {} else { Issue.record("the second is not there") }
        #expect(slots.watches.count == 1)
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
