// SPDX-License-Identifier: Apache-2.0

import NitkaProbe
import Testing

@Suite struct FigureTests {
    @Test(
        "times have 3 digits and a fitting unit",
        arguments: [
            (0, "0 ns"), (1, "1 ns"), (999, "999 ns"), (999.6, "1 µs"), (9_994, "9.99 µs"), (9_996, "10 µs"),
            (83_449, "83.4 µs"), (999_400, "999 µs"), (999_600, "1 ms"), (6_311_935, "6.31 ms"),
            (12_340_000_000, "12.3 s"),
            (3_600_000_000_000, "3600 s"), (.infinity, "1000000000000 s"),
        ])
    func times(nanoseconds: Double, text: String) { #expect(Figures.time(nanoseconds) == text) }

    @Test(
        "bytes have decimal units",
        arguments: [
            (0, "0 B"), (64, "64 B"), (1000, "1 kB"), (3_091_968, "3.09 MB"), (2.75e9, "2.75 GB"), (1e12, "1 TB"),
        ])
    func bytes(count: Double, text: String) { #expect(Figures.bytes(count) == text) }

    @Test(
        "rates have decimals only below 100",
        arguments: [
            (0, "0"), (0.5, "0.5"), (99.94, "99.9"), (99.96, "100"), (48_311.6, "48,312"), (1_000_000, "1,000,000"),
        ])
    func rates(perSecond: Double, text: String) { #expect(Figures.rate(perSecond) == text) }

    @Test(
        "shares are in percent",
        arguments: [(0, "0 %"), (0.43, "43 %"), (0.0012, "0.12 %"), (0.00001, "< 0.01 %"), (1, "100 %")])
    func shares(part: Double, text: String) { #expect(Figures.share(part) == text) }

    @Test("decimals drop trailing zeros and keep their sign") func decimalsDropClosingZerosAndKeepTheirSign() {
        #expect(Figures.decimal(1.5, places: 3) == "1.5")
        #expect(Figures.decimal(-0.05, places: 2) == "-0.05")
        #expect(Figures.decimal(-0.001, places: 2) == "0")
        #expect(Figures.decimal(.nan, places: 2) == "1000000000000")
    }

    @Test(
        "malformed numbers are refused",
        arguments: [
            "", "+8", "-1", "065", "0x10", "1e3", "nan", "inf", " 8", "8 ", "٣", "1.", ".5", "1.2.3", "1.0000001",
        ])
    func oddNumbersAreNone(text: String) {
        #expect(Numeral.decimal(text[...]) == nil)
        #expect(Numeral.whole(text[...]) == nil)
    }

    @Test("a mark of HTML or XML is escaped, also with a combining character after it")
    func marksAreEscaped() {
        #expect(Markup.escaped("<a\">&'") == "&lt;a&quot;&gt;&amp;&#39;")
        for (mark, entity) in [("<", "lt"), (">", "gt"), ("&", "amp"), ("\"", "quot"), ("'", "#39")] {
            #expect(Markup.escaped("\(mark)\u{301}") == "&\(entity);\u{301}")
        }
    }

    @Test("well-formed numbers are parsed") func numbersAreRead() {
        #expect(Numeral.decimal("0.1") == 0.1)
        #expect(Numeral.decimal("999999999") == 999_999_999)
        #expect(Numeral.decimal("1000000000") == nil)
        #expect(Numeral.whole("0") == 0)
        #expect(Numeral.split("1.5k") == ("1.5", "k"))
        #expect(Numeral.split("12\u{33f}k") == ("12", "\u{33f}k"))
    }
}
