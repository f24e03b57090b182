// SPDX-License-Identifier: Apache-2.0

@testable import NitkaProbe
@testable import NitkaTool

/// The numbers of the command line, against a second, slower definition.
func fuzzNumbers(_ bytes: [UInt8]) {
    let input = text(of: bytes)
    if let whole = Numeral.whole(input[...]) {
        expect(String(whole) == input && whole >= 0, "\(input) is read as \(whole)")
    } else {
        expect(Int(input).map { String($0) != input || $0 < 0 } ?? true, "\(input) is refused")
    }
    let isDecimal = isStrictDecimal(input)
    expect((Numeral.decimal(input[...]) != nil) == isDecimal, "\(input.debugDescription) is decimal: \(isDecimal)")
    if let decimal = Numeral.decimal(input[...]) {
        expect((0..<1e9).contains(decimal), "\(input) is read as \(decimal)")
        let printed = Figures.decimal(decimal, places: 6)
        expect(Numeral.decimal(printed[...]) == decimal || decimal.ulp > 1e-9, "\(decimal) prints as \(printed)")
    }
    let (number, unit) = Numeral.split(input[...])
    expect(String(number + unit) == input, "\(input) is split into \(number) and \(unit)")
    expect(number.utf8.allSatisfy { (48...57).contains($0) || $0 == 46 }, "\(number) contains more than a number")
    printFigures(bytes)
}

/// Digits without a leading zero, and 1 to 6 decimals.
private func isStrictDecimal(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    let areDigits = parts.allSatisfy { part in !part.isEmpty && part.allSatisfy { (48...57).contains($0) } }
    guard areDigits, (1...2).contains(parts.count), parts[0].count <= 9 else { return false }
    if parts[0].count > 1, parts[0].first == 48 { return false }
    return parts.count == 1 || parts[1].count <= 6
}

/// Numbers from a foreign report, which are printed without a trap and without a surprise in length.
private func printFigures(_ bytes: [UInt8]) {
    var input = InputReader(bytes)
    let value = Double(bitPattern: input.number())
    for text in [
        Figures.time(value), Figures.bytes(value), Figures.short(value), Figures.rate(value), Figures.share(value),
        Figures.significant(value), Figures.decimal(value, places: 6), Figures.fixed(value, places: 3),
        Figures.grouped(value.bitPattern),
    ] { expectHarmless(text, atMost: 40) }
}

/// The values of numeric options: an accepted value is in the range, and prints as a text that parses to the same value.
func fuzzQuantities(_ bytes: [UInt8]) {
    let input = text(of: bytes)
    for range in [0...65_535, 1...1_000_000, 0...Int.max] {
        expectExact(input, .count(range)) { range.contains($0) }
    }
    for range in [1...(1 << 30), 1...(16 << 30), 0...Int.max] {
        expectExact(input, .size(range)) { range.contains($0) }
    }
    let durations: [ClosedRange<Duration>] = [
        .zero...(.seconds(3600)), .milliseconds(10)...(.seconds(86_400)), .milliseconds(1)...(.seconds(31_536_000)),
    ]
    for range in durations {
        expectExact(input, .duration(range)) { $0.duration.map(range.contains) ?? false }
        expectExact(input, .duration(range, canBeOff: true)) { $0.duration.map(range.contains) ?? (input == "off") }
    }
    let rates = Quantity<Double>.rate(0.01...10_000_000)
    guard let rate = parsed(input, rates) else { return }
    expect((0.01...10_000_000).contains(rate), "\(input) is out of range")
    // A rate prints with 3 decimals in its unit.
    let unit = rate < 1000 ? 1.0 : rate < 1e6 ? 1000 : 1e6
    let again = required(parsed(rates.text(rate), rates), "\(rates.text(rate)) does not parse")
    expect(abs(again - rate) <= unit * 0.000_501, "\(rate) prints as \(rates.text(rate))")
}

private func expectExact<Value: Equatable>(
    _ input: String, _ quantity: Quantity<Value>, isAllowed: (Value) -> Bool
) {
    guard let value = parsed(input, quantity) else { return }
    expect(isAllowed(value), "\(input) is accepted as \(value), out of \(quantity.range)")
    let printed = quantity.text(value)
    expectHarmless(printed, atMost: 30)
    expect(parsed(printed, quantity) == value, "\(input) prints as \(printed)")
}

/// Nil for a refused text. The refusal does not repeat the text, so it needs no escape.
private func parsed<Value>(_ input: String, _ quantity: Quantity<Value>) -> Value? {
    do {
        return try quantity.parse(input)
    } catch {
        expectHarmless("\(error)", atMost: 200)
        return nil
    }
}
