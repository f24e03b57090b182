// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import NitkaProbe

/// Numbers as people write them on a command line, parsed strictly: digits and a unit, nothing that Swift's own
/// parsers let through beside them (`+8`, `065`, `0x1p3`, `nan`).
enum Quantity {
    static func count(_ range: ClosedRange<Int>) -> @Sendable (String) throws -> Int {
        { text in
            guard let number = Numeral.whole(text[...]), range.contains(number) else {
                throw ValidationError("It is a whole number from \(range.lowerBound) to \(range.upperBound).")
            }
            return number
        }
    }

    /// A duration with its unit; `off` where a limit may be switched off.
    static func duration(_ range: ClosedRange<Duration>, canBeOff: Bool = false) -> @Sendable (String) throws -> Span {
        { text in
            if canBeOff, text == "off" { return Span(duration: nil) }
            guard let duration = duration(text), range.contains(duration) else {
                let allowed = "from \(Span(duration: range.lowerBound)) to \(Span(duration: range.upperBound))"
                throw ValidationError(
                    "It is a whole number with a unit (ms, s, m, h), \(allowed)\(canBeOff ? ", or off" : "").")
            }
            return Span(duration: duration)
        }
    }

    private static func duration(_ text: String) -> Duration? {
        let (digits, unit) = Numeral.split(text[...])
        // Long before a Duration overflows, no limit allows it.
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

extension ArgumentHelp {
    /// Help that shows the default, which the parser can't for an option whose values it does not make itself.
    static func showing(_ text: String, _ value: some CustomStringConvertible) -> ArgumentHelp {
        ArgumentHelp("\(text) (default: \(value))")
    }
}

/// A duration as it is written on the command line: `250ms`, `30s`, `5m`, `off`.
struct Span: Hashable, Sendable, CustomStringConvertible {
    let duration: Duration?

    var description: String {
        guard let duration else { return "off" }
        let milliseconds = duration / .milliseconds(1)
        let whole = Int(milliseconds)
        return switch whole {
        case _ where whole % 3_600_000 == 0 && whole > 0: "\(whole / 3_600_000)h"
        case _ where whole % 60_000 == 0 && whole > 0: "\(whole / 60_000)m"
        case _ where whole % 1000 == 0: "\(whole / 1000)s"
        default: "\(whole)ms"
        }
    }
}

/// A measured time in three figures, with the unit that suits it: `83.4 µs`, `1.52 ms`, `12.3 s`.
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
