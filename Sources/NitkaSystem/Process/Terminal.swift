// SPDX-License-Identifier: Apache-2.0

internal import Glibc

extension StandardStream {
    /// Discards what was typed on the terminal and not read; does nothing if the stream is no terminal, or if another
    /// process group owns it: then tcflush(3) would stop this process with SIGTTOU.
    package func discardTypedInput() {
        guard isTerminal, tcgetpgrp(rawValue) == getpgrp() else { return }
        _ = tcflush(rawValue, TCIFLUSH)
    }
}
