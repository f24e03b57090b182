// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Testing

@testable import NitkaTool

@Suite struct QuantityTests {
    @Test(
        "a size has digits and an optional unit",
        arguments: [("1", 1), ("64", 64), ("64KiB", 65_536), ("1MiB", 1_048_576), ("1GiB", 1 << 30)])
    func sizes(text: String, bytes: Int) throws { #expect(try Quantity.size(1...(1 << 30)).parse(text) == bytes) }

    @Test(
        "a malformed size is rejected with the range",
        arguments: ["", "0", "+64", "064", "64K", "64kb", "64 KiB", "1.5KiB", "2GiB", "9999999999999GiB", "٣"])
    func malformedSizes(text: String) {
        #expect(throws: ValidationError.self) { try Quantity.size(1...(1 << 30)).parse(text) }
        do { _ = try Quantity.size(1...(1 << 30)).parse(text) } catch {
            #expect(
                "\(error)" == "It must be a whole number of bytes, or one with a unit (KiB, MiB, GiB), from 1 to 1GiB.")
        }
    }

    @Test(
        "a duration prints as it is written on the command line",
        arguments: ["0s", "1ms", "250ms", "30s", "5m", "24h", "3301s", "6130s", "3300999ms", "31535999s"])
    func durations(text: String) throws {
        let quantity = Quantity.duration(.zero...(.seconds(31_536_000)))
        #expect(try quantity.text(quantity.parse(text)) == text)
    }

    @Test(
        "a rate has a decimal number and an optional unit",
        arguments: [("1", 1), ("0.5", 0.5), ("20k", 20_000), ("1.5M", 1_500_000)] as [(String, Double)])
    func rates(text: String, perSecond: Double) throws {
        #expect(try Quantity.rate(0.1...10_000_000).parse(text) == perSecond)
    }

    @Test(
        "a malformed rate is rejected with the range",
        arguments: ["", "0", "+5", "05", "5K", "5 k", "1e3", "nan", "11M", "5k/s", "-1"])
    func malformedRates(text: String) {
        do {
            _ = try Quantity.rate(0.1...10_000_000).parse(text)
            Issue.record("\(text) was accepted")
        } catch {
            #expect(
                "\(error)" == "It must be a number per second, with k or M for thousands or millions, from 0.1 to 10M.")
        }
    }
}
