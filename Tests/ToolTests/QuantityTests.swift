// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Testing

@testable import NitkaTool

@Suite struct QuantityTests {
    @Test(arguments: [("1", 1), ("64", 64), ("64KiB", 65_536), ("1MiB", 1_048_576), ("1GiB", 1 << 30)])
    func sizes(text: String, bytes: Int) throws { #expect(try Quantity.size(1...(1 << 30))(text) == bytes) }

    @Test(arguments: ["", "0", "+64", "064", "64K", "64kb", "64 KiB", "1.5KiB", "2GiB", "9999999999999GiB", "٣"])
    func oddSizes(text: String) {
        #expect(throws: ValidationError.self) { try Quantity.size(1...(1 << 30))(text) }
        do { _ = try Quantity.size(1...(1 << 30))(text) } catch {
            #expect(
                "\(error)" == "It is a whole number of bytes, or one with a unit (KiB, MiB, GiB), from 1 to 1GiB.")
        }
    }

    @Test(arguments: [("1", 1), ("0.5", 0.5), ("20k", 20_000), ("1.5M", 1_500_000)] as [(String, Double)])
    func rates(text: String, perSecond: Double) throws {
        #expect(try Quantity.rate(0.1...10_000_000)(text) == perSecond)
    }

    @Test(arguments: ["", "0", "+5", "05", "5K", "5 k", "1e3", "nan", "11M", "5k/s", "-1"])
    func oddRates(text: String) {
        do {
            _ = try Quantity.rate(0.1...10_000_000)(text)
            Issue.record("\(text) was taken")
        } catch {
            #expect("\(error)" == "It is a number a second, with k or M for thousands or millions, from 0.1 to 10M.")
        }
    }
}
