// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import NitkaProbe

/// A gate as an argument: `p99>5ms`.
@Sendable func gate(_ text: String) throws -> Gate {
    do {
        return try Gate(text)
    } catch {
        throw ValidationError(sentence("\(error)"))
    }
}

/// A phrase as a sentence: its first letter big, a full stop behind it.
func sentence(_ phrase: String) -> String { phrase.prefix(1).uppercased() + phrase.dropFirst() + "." }
