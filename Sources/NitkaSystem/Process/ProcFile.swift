// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Small text files with which the kernel tells about itself.
package enum ProcFile {
    /// The whole text; nil where there is no such file, or it may not be read.
    package static func text(_ path: String) -> String? {
        let number = open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { return nil }
        let file = Descriptor(owning: number)
        var bytes: [UInt8] = []
        let block = ByteBlock(count: 16 * 1024)
        while true {
            guard let count = try? file.readSome(into: block) else { return nil }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += block.array(count)
        }
    }

    /// The names in a folder, without `.` and `..`; nil where it can't be read.
    package static func names(in folder: String) -> [String]? {
        guard let stream = opendir(folder) else { return nil }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
