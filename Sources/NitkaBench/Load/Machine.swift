// SPDX-License-Identifier: Apache-2.0

internal import NitkaSystem

/// The machine that this process runs on.
enum Machine {
    /// `2 processors, Linux 6.18.44, x86_64`.
    static var description: String {
        let processors = CurrentProcess.processorCount
        let kernel = ProcFile.text("/proc/sys/kernel/osrelease")?.prefix { !$0.isWhitespace } ?? "of unknown version"
        #if arch(x86_64)
            let architecture = "x86_64"
        #elseif arch(arm64)
            let architecture = "arm64"
        #else
            let architecture = "unknown architecture"
        #endif
        return "\(processors) processor\(processors == 1 ? "" : "s"), Linux \(kernel), \(architecture)"
    }
}
