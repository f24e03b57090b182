// SPDX-License-Identifier: Apache-2.0

/// Formats numbers with 3 digits and a fitting unit.
///
/// The formatters of Foundation depend on the locale; a report must be the same on every machine.
package enum Figures {
    /// A time in nanoseconds: `830 ns`, `83.4 µs`, `1.52 ms`, `12.3 s`.
    package static func time(_ nanoseconds: Double) -> String {
        switch nanoseconds {
        case ..<999.5: "\(significant(nanoseconds)) ns"
        case ..<999_500: "\(significant(nanoseconds / 1e3)) µs"
        case ..<999_500_000: "\(significant(nanoseconds / 1e6)) ms"
        default: "\(significant(nanoseconds / 1e9)) s"
        }
    }

    /// Bytes in decimal units: `64 B`, `3.09 MB`.
    package static func bytes(_ count: Double) -> String {
        switch count {
        case ..<999.5: "\(decimal(count, places: 0)) B"
        case ..<999_500: "\(significant(count / 1e3)) kB"
        case ..<999_500_000: "\(significant(count / 1e6)) MB"
        case ..<999_500_000_000: "\(significant(count / 1e9)) GB"
        default: "\(significant(count / 1e12)) TB"
        }
    }

    /// A rate per second: `48,312`, below 100 with up to 2 decimals.
    package static func rate(_ perSecond: Double) -> String {
        perSecond < 99.95 ? significant(perSecond) : grouped(UInt64(clamped(perSecond).rounded()))
    }

    /// A number in a short form: `800`, `20k`, `1.2M`.
    package static func short(_ number: Double) -> String {
        switch number {
        case ..<999.5: significant(number)
        case ..<999_500: significant(number / 1e3) + "k"
        default: significant(number / 1e6) + "M"
        }
    }

    /// A share, 0 to 1, in percent: `43 %`, `0.12 %`, `0 %`.
    package static func share(_ part: Double) -> String {
        part == 0 ? "0 %" : part * 100 < 0.01 ? "< 0.01 %" : "\(significant(part * 100)) %"
    }

    /// An integer with thousands separators: `483,120`.
    package static func grouped(_ number: UInt64) -> String {
        let digits = Array(String(number))
        return digits.indices.map { index in
            (index > 0 && (digits.count - index) % 3 == 0 ? "," : "") + String(digits[index])
        }.joined()
    }

    /// 3 digits, and at most 2 decimals.
    package static func significant(_ value: Double) -> String {
        switch value.magnitude {
        case ..<9.995: decimal(value, places: 2)
        case ..<99.95: decimal(value, places: 1)
        default: decimal(value, places: 0)
        }
    }

    /// With up to this number of decimals, without trailing zeros. Values are clamped to ±10¹².
    package static func decimal(_ value: Double, places: Int) -> String {
        let text = fixed(value, places: places)
        return places == 0 ? text : String(text.reversed().drop { $0 == "0" }.reversed()).droppingSuffix(".")
    }

    /// With exactly this number of decimals, for columns. Values are clamped to ±10¹².
    package static func fixed(_ value: Double, places: Int) -> String {
        let scale = (0..<places).reduce(1) { power, _ in power * 10 }
        let scaled = Int((clamped(value.magnitude) * Double(scale)).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        return places == 0
            ? "\(sign)\(scaled)" : "\(sign)\(scaled / scale)." + String(scaled % scale + scale).dropFirst()
    }

    /// A value that fits into an Int: a foreign report may contain any number, and the conversion would trap.
    private static func clamped(_ value: Double) -> Double {
        value.isFinite ? min(max(value, -1e12), 1e12) : 1e12
    }
}

extension String {
    fileprivate func droppingSuffix(_ suffix: Character) -> String { last == suffix ? String(dropLast()) : self }
}
