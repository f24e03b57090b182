// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The addresses of a name, in the order of getaddrinfo(3). It blocks, for seconds if a name server is slow.
package func lookUp(name: String, port: UInt16) throws(NameLookupFailure) -> [RawAddress] {
    var hints = addrinfo()
    hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_NUMERICSERV
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(name, String(port), &hints, &list)
    guard code == 0 else {
        if code == EAI_SYSTEM { throw NameLookupFailure(words: Errno.last.description) }
        let words = String(cString: gai_strerror(code))
        throw NameLookupFailure(words: words.prefix(1).lowercased() + words.dropFirst())
    }
    defer { freeaddrinfo(list) }
    var found: [RawAddress] = []
    var next = list
    while let entry = next?.pointee {
        if let address = RawAddress(entry.ai_addr, length: Int(entry.ai_addrlen)), !found.contains(address) {
            found.append(address)
        }
        next = entry.ai_next
    }
    return found
}

/// Why a name has no address, as the resolver reports it.
package struct NameLookupFailure: Error, Sendable {
    package let words: String
}
