// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import NitkaProbe

extension Quantity {
    /// A size in bytes: a whole number, with KiB, MiB or GiB behind it where that is shorter.
    static func size(_ range: ClosedRange<Int>) -> @Sendable (String) throws -> Int {
        { text in
            guard let bytes = bytes(text), range.contains(bytes) else {
                throw ValidationError(
                    "It is a whole number of bytes, or one with a unit (KiB, MiB, GiB), from \(range.lowerBound) to "
                        + "\(Size(bytes: range.upperBound)).")
            }
            return bytes
        }
    }

    /// Something a second: a number, with k or M behind it for thousands or millions.
    static func rate(_ range: ClosedRange<Double>) -> @Sendable (String) throws -> Double {
        { text in
            guard let rate = perSecond(text), range.contains(rate) else {
                throw ValidationError(
                    "It is a number a second, with k or M for thousands or millions, from \(shortRate(range.lowerBound)) "
                        + "to \(shortRate(range.upperBound)).")
            }
            return rate
        }
    }

    private static func bytes(_ text: String) -> Int? {
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

    private static func perSecond(_ text: String) -> Double? {
        let (number, unit) = Numeral.split(text[...])
        guard let value = Numeral.decimal(number) else { return nil }
        return switch unit {
        case "": value
        case "k": value * 1000
        case "M": value * 1e6
        default: nil
        }
    }

    private static func shortRate(_ rate: Double) -> String {
        rate >= 1e6
            ? Figures.decimal(rate / 1e6, places: 3) + "M"
            : rate >= 1000 ? Figures.decimal(rate / 1000, places: 3) + "k" : Figures.decimal(rate, places: 3)
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
}
