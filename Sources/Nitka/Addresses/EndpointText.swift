// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// Parses the text of an endpoint. A refusal says what to write instead, from what the text probably means.
enum EndpointText {
    enum Result: Equatable {
        case valid(host: String, port: UInt16)
        /// What to write instead, without a capital and a full stop.
        case refused(String)
    }

    static func parse(_ text: String, lowestPort: UInt16) -> Result {
        if let problem = problem(withForm: text) { return .refused(problem) }
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")), !isBracketed(text) else {
            return .refused(missingPort(text))
        }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            guard NumericHost(host)?.isIPv6 == true else {
                return .refused("brackets enclose an IPv6 address, as in [::1]:7007 or [fe80::1%eth0]:7007")
            }
        } else if host.utf8.contains(UInt8(ascii: ":")) {
            let isAddress = NumericHost(text)?.isIPv6 == true
            return .refused("write an IPv6 address in brackets, as in \(isAddress ? "[\(text)]" : "[::1]"):7007")
        }
        let digits = text[text.utf8.index(after: colon)...]
        guard let port = port(digits), port >= lowestPort else {
            return .refused("a port is a whole number from \(lowestPort) to 65535")
        }
        if host.isEmpty { return .refused("write a host before the colon, as in localhost:\(port)") }
        if let problem = problem(withHost: host, port: port) { return .refused(problem) }
        return .valid(host: host, port: port)
    }

    /// What to write instead of a host; nil if it is a numeric address or a possible name.
    static func problem(withHost host: String, port: UInt16? = nil) -> String? {
        let suffix = port.map { ":\($0)" } ?? ""
        if let numeric = NumericHost(host) {
            guard numeric.lacksZone else { return nil }
            let example = "\(host)%eth0"
            return "a link-local address needs its interface, as in \(port == nil ? example : "[\(example)]\(suffix)")"
        }
        if let problem = problem(withForm: host, needsPort: port != nil) { return problem }
        if isBracketed(host), NumericHost(String(host.dropFirst().dropLast())) != nil {
            return "write the address without brackets, as in \(host.dropFirst().dropLast())"
        }
        if port == nil, case .valid(let name, let port) = parse(host, lowestPort: 0) {
            return "write the host without the port \(port), as in \(name)"
        }
        if endsInNumber(host) {
            return "write an IPv4 address as 4 decimal numbers, as in \(decimalForm(host) ?? "127.0.0.1")\(suffix)"
        }
        return isName(host)
            ? nil : "a host is an IPv4 or IPv6 address, or a name of letters, digits, dots and hyphens"
    }

    /// Forms of other programs: a URL, a Unix socket, a host and a port with a blank between them.
    private static func problem(withForm text: String, needsPort: Bool = true) -> String? {
        let form = needsPort ? "HOST:PORT" : "a host"
        let isUnix = text.hasPrefix("unix:") && port(text.dropFirst(5)) == nil
        if isUnix || text.hasPrefix("/") || text.hasPrefix("./") || text.hasPrefix("@") {
            return "Unix sockets are not supported: write \(form), as in localhost\(needsPort ? ":7007" : "")"
        }
        if let scheme = text.firstRange(of: "://") {
            let found = address(inURL: text[scheme.upperBound...], scheme: text[..<scheme.lowerBound])
            let (host, port) = found ?? ("localhost", 7007)
            let isIPv6 = needsPort && host.utf8.contains(UInt8(ascii: ":"))
            let example = (isIPv6 ? "[\(host)]" : host) + (needsPort ? ":\(port)" : "")
            return "write \(form) instead of a URL, as in \(example)"
        }
        let words = text.split(separator: " ")
        if words.count == 2, let port = port(words[1]) {
            let host = words[0].utf8.contains(UInt8(ascii: ":")) ? "[\(words[0])]" : String(words[0])
            if case .valid = parse("\(host):\(port)", lowestPort: 0) {
                return "write a colon before the port, as in \(host):\(port)"
            }
        }
        return nil
    }

    private static func address(inURL rest: Substring, scheme: Substring) -> (host: String, port: UInt16)? {
        let authority = rest.prefix { !"/?#".contains($0) }.split(separator: "@").last.map(String.init) ?? ""
        let usual = ["http": ":80", "https": ":443"][String(scheme)] ?? ":7007"
        for text in [authority, authority + usual] {
            if case .valid(let host, let port) = parse(text, lowestPort: 1) { return (host, port) }
        }
        return nil
    }

    private static func missingPort(_ text: String) -> String {
        if isDigits(text[...]), port(text[...]) == nil { return "a port is a whole number from 0 to 65535" }
        if let port = port(text[...]), port > 0 { return "write a host before the port, as in localhost:\(port)" }
        switch parse("\(text):7007", lowestPort: 0) {
        case .valid: return "write a port after the host, as in \(text):7007"
        case .refused(let problem) where endsInNumber(text) || isBracketed(text): return problem
        case .refused: break
        }
        return "write HOST:PORT, as in 127.0.0.1:7007, [::1]:7007 or localhost:7007"
    }

    private static func isBracketed(_ text: String) -> Bool { text.hasPrefix("[") && text.hasSuffix("]") }

    /// Digits only: no sign, no blank, and no leading zero, which means octal elsewhere.
    private static func port(_ text: Substring) -> UInt16? {
        guard isDigits(text) else { return nil }
        if text.utf8.count > 1, text.hasPrefix("0") { return nil }
        return UInt16(text)
    }

    private static func isDigits(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
    }

    /// True if getaddrinfo(3) would read it as an address in an old form (`127.1`, `0x7f000001`), or as a malformed one
    /// (`256.0.0.1`): it is no name.
    private static func endsInNumber(_ host: String) -> Bool {
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard let last = labels.last == "" ? labels.dropLast().last : labels.last else { return false }
        return isDigits(last) || isHexadecimal(last)
    }

    /// The usual form of an address in an old form of inet_aton(3), where the last number fills all remaining bytes; nil
    /// for a number with a leading zero, which is octal for some programs and decimal for others.
    private static func decimalForm(_ host: String) -> String? {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        var numbers = parts.compactMap { part -> UInt32? in
            if isHexadecimal(part) { return part.utf8.count == 2 ? 0 : UInt32(part.dropFirst(2), radix: 16) }
            return isDigits(part) && (part == "0" || !part.hasPrefix("0")) ? UInt32(part) : nil
        }
        guard numbers.count == parts.count, (1...4).contains(parts.count), let last = numbers.popLast(),
            numbers.allSatisfy({ $0 < 256 }), UInt64(last) < 1 << (8 * (4 - UInt64(numbers.count)))
        else { return nil }
        var bits = last
        for (index, number) in numbers.enumerated() { bits |= number << (24 - 8 * UInt32(index)) }
        return RawAddress.Host.v4(bits).text
    }

    private static func isHexadecimal(_ label: Substring) -> Bool {
        label.lowercased().hasPrefix("0x") && label.dropFirst(2).allSatisfy { $0.isASCII && $0.isHexDigit }
    }

    private static func isName(_ host: String) -> Bool {
        guard (1...253).contains(host.utf8.count) else { return false }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        let meaningful = labels.last == "" ? labels.dropLast() : labels[...]
        return !meaningful.isEmpty && meaningful.allSatisfy(isLabel)
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
            && label.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
