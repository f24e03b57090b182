// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import NitkaProbe

extension Quantity<Int> {
    /// A size in bytes: a whole number, optionally with the unit KiB, MiB or GiB.
    static func size(_ range: ClosedRange<Int>) -> Quantity {
        let allowed = "\(Size(bytes: range.lowerBound)) to \(Size(bytes: range.upperBound))"
        return Quantity(name: "bytes", range: allowed, text: { "\(Size(bytes: $0))" }) { text in
            guard let bytes = Size.parse(text), range.contains(bytes) else {
                throw ValidationError(
                    "It must be a whole number of bytes, or one with a unit (KiB, MiB, GiB), from \(allowed).")
            }
            return bytes
        }
    }
}

extension Quantity<Double> {
    /// A number per second, optionally with k for thousands or M for millions.
    static func rate(_ range: ClosedRange<Double>) -> Quantity {
        let allowed = "\(shortRate(range.lowerBound)) to \(shortRate(range.upperBound))"
        return Quantity(name: "rate", range: allowed, text: shortRate) { text in
            guard let rate = perSecond(text), range.contains(rate) else {
                throw ValidationError(
                    "It must be a number per second, with k or M for thousands or millions, from \(allowed).")
            }
            return rate
        }
    }
}

/// A size as it is written on the command line: `64`, `64KiB`.
struct Size: Hashable, Sendable, CustomStringConvertible {
    let bytes: Int

    var description: String {
        switch bytes {
        case _ where bytes > 0 && bytes % (1 << 30) == 0: "\(bytes >> 30)GiB"
        case _ where bytes > 0 && bytes % (1 << 20) == 0: "\(bytes >> 20)MiB"
        case _ where bytes > 0 && bytes % (1 << 10) == 0: "\(bytes >> 10)KiB"
        default: "\(bytes)"
        }
    }

    fileprivate static func parse(_ text: String) -> Int? {
        let (digits, unit) = Numeral.split(text[...])
        guard let number = Numeral.whole(digits) else { return nil }
        let factor: Int? =
            switch unit {
            case "": 1
            case "KiB": 1 << 10
            case "MiB": 1 << 20
            case "GiB": 1 << 30
            default: nil
            }
        guard let (bytes, overflows) = factor.map(number.multipliedReportingOverflow), !overflows else { return nil }
        return bytes
    }
}

private func perSecond(_ text: String) -> Double? {
    let (number, unit) = Numeral.split(text[...])
    guard let value = Numeral.decimal(number) else { return nil }
    return switch unit {
    case "": value
    case "k": value * 1000
    case "M": value * 1e6
    default: nil
    }
}

private func shortRate(_ rate: Double) -> String {
    switch rate {
    case 1e6...: Figures.decimal(rate / 1e6, places: 3) + "M"
    case 1000...: Figures.decimal(rate / 1000, places: 3) + "k"
    default: Figures.decimal(rate, places: 3)
    }
}
