// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import NitkaProbe

/// The values that a numeric option accepts, and the text form of one.
///
/// The parsers accept digits and a unit, and nothing that Swift's own parsers accept besides (`+8`, `065`, `0x1p3`,
/// `nan`).
struct Quantity<Value>: Sendable {
    /// What the help calls a value: `duration`.
    let name: String
    /// The range for the help: `1 to 65535`.
    let range: String
    /// A value as it is written on the command line.
    let text: @Sendable (Value) -> String
    let parse: @Sendable (String) throws -> Value

    fileprivate func help(_ text: String, default absent: String) -> ArgumentHelp {
        ArgumentHelp("\(text) (range: \(range); default: \(absent))", valueName: name)
    }
}

extension Quantity<Int> {
    /// A whole number.
    static func count(_ range: ClosedRange<Int>) -> Quantity {
        let allowed = "\(range.lowerBound) to \(range.upperBound)"
        return Quantity(name: "number", range: allowed, text: { "\($0)" }) { text in
            guard let number = Numeral.whole(text[...]), range.contains(number) else {
                throw ValidationError("It must be a whole number from \(allowed).")
            }
            return number
        }
    }
}

extension Quantity<DurationArgument> {
    /// A duration with its unit, or `off` where the limit is optional.
    static func duration(_ range: ClosedRange<Duration>, canBeOff: Bool = false) -> Quantity {
        let allowed =
            "\(DurationArgument(duration: range.lowerBound)) to \(DurationArgument(duration: range.upperBound))"
            + (canBeOff ? ", or off" : "")
        return Quantity(name: "duration", range: allowed, text: \.description) { text in
            if canBeOff, text == "off" { return DurationArgument(duration: nil) }
            guard let duration = DurationArgument.parse(text), range.contains(duration) else {
                let example = DurationArgument.parse(text + "s").flatMap {
                    range.contains($0) ? ": write \(text)s" : nil
                }
                throw ValidationError(
                    "It must be a whole number with a unit (ms, s, m, h), from \(allowed)\(example ?? "").")
            }
            return DurationArgument(duration: duration)
        }
    }
}

/// A duration as it is written on the command line: `250ms`, `30s`, `5m`, or `off`.
struct DurationArgument: Hashable, Sendable, CustomStringConvertible {
    /// Nil for `off`.
    let duration: Duration?

    var description: String {
        guard let duration else { return "off" }
        // Rounded: 6130 s divided by 1 ms is 6129999.999….
        let milliseconds = Int((duration / .milliseconds(1)).rounded())
        return switch milliseconds {
        case 0: "0s"
        case _ where milliseconds % 3_600_000 == 0: "\(milliseconds / 3_600_000)h"
        case _ where milliseconds % 60_000 == 0: "\(milliseconds / 60_000)m"
        case _ where milliseconds % 1000 == 0: "\(milliseconds / 1000)s"
        default: "\(milliseconds)ms"
        }
    }

    fileprivate static func parse(_ text: String) -> Duration? {
        let (digits, unit) = Numeral.split(text[...])
        // The bound keeps the multiplications below from overflowing; every range ends far below it.
        guard let number = Numeral.whole(digits), number <= 1_000_000_000 else { return nil }
        return switch unit {
        case "ms": .milliseconds(number)
        case "s": .seconds(number)
        case "m": .seconds(number * 60)
        case "h": .seconds(number * 3600)
        default: nil
        }
    }
}

extension Option {
    /// An option with a default value; its help ends with the range and the default.
    init(wrappedValue: Value, name: NameSpecification = .long, _ help: String, in values: Quantity<Value>) {
        self.init(
            wrappedValue: wrappedValue, name: name,
            help: values.help(help, default: values.text(wrappedValue)), transform: values.parse)
    }

    /// An option without a default value; its help ends with the range and what happens when the option is absent.
    init<Wrapped>(
        name: NameSpecification = .long, _ help: String, in values: Quantity<Wrapped>, default absent: String
    ) where Value == Wrapped? {
        self.init(
            name: name, help: values.help(help, default: absent), transform: values.parse)
    }
}

/// A measured time with three digits and the unit that suits it: `83.4 µs`, `1.52 ms`, `12.3 s`.
func shown(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    let microseconds = Double(seconds) * 1e6 + Double(attoseconds) / 1e12
    return switch microseconds {
    case ..<1000: "\(rounded(microseconds)) µs"
    case ..<1e6: "\(rounded(microseconds / 1000)) ms"
    default: "\(rounded(microseconds / 1e6)) s"
    }
}

private func rounded(_ value: Double) -> String {
    switch value {
    case ..<10: "\((value * 100).rounded() / 100)"
    case ..<100: "\((value * 10).rounded() / 10)"
    default: "\(Int(value.rounded()))"
    }
}
