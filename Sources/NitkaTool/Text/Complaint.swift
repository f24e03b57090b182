// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// One sentence on standard error.
func complain(_ text: String) { try? StandardStream.error.write("nitka: \(text)\n") }

/// One line on standard output; a reader that has gone is no reason to stop.
func say(_ text: String) { try? StandardStream.output.write(text + "\n") }
