// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Nitka
internal import NitkaSystem

/// Reads and writes whole files; a failure reads as one sentence.
enum TextFile {
    /// A failed read or write, such as `write report.json: no such file or directory`. The path is escaped.
    struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ operation: String, _ path: String, _ reason: String) {
            description = "\(operation) \(path == "-" ? "standard input" : EscapedText(path).description): \(reason)"
        }
    }

    /// Replaces the file atomically: after a failure the old content is unchanged. `-` is ``StandardOutput``, which
    /// reports its failures itself.
    ///
    /// A pipe or a device is written in place: a regular file in place of `/dev/null` would break other programs.
    static func write(_ text: String, to path: String) throws(Failure) {
        do {
            if path == "-" { return StandardOutput.write(text) }
            let place = URL(filePath: path).resolvingSymlinksInPath()
            let isRegular = [nil, .typeRegular].contains(kind(of: place.path))
            try Data(text.utf8).write(to: place, options: isRegular ? .atomic : [])
        } catch {
            throw Failure("write", path, reason(for: error))
        }
    }

    /// Reads the whole file as UTF-8; `-` is standard input.
    static func read(_ path: String) throws(Failure) -> String {
        let bytes = try bytes(of: path)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure("read", path, "it is not UTF-8 text")
        }
        return text
    }

    private static func bytes(of path: String) throws(Failure) -> [UInt8] {
        do {
            if path == "-" { return try standardInput() }
            let place = URL(filePath: path).resolvingSymlinksInPath()
            if [nil, .typeRegular, .typeDirectory].contains(kind(of: place.path)) {
                return [UInt8](try Data(contentsOf: place))
            }
        } catch {
            throw Failure("read", path, reason(for: error))
        }
        // A pipe, such as the shell's <(command): Foundation opens it without blocking and reads 0 bytes.
        guard let text = ProcFile.text(path) else { throw Failure("read", path, "it can't be opened") }
        return Array(text.utf8)
    }

    private static func standardInput() throws(Errno) -> [UInt8] {
        let block = ByteBlock(count: 64 * 1024)
        var bytes: [UInt8] = []
        while true {
            let count = try StandardStream.input.readSome(into: block)
            if count == 0 { return bytes }
            bytes += block.array(count)
        }
    }

    private static func kind(of path: String) -> FileAttributeType? {
        try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
    }

    private static func reason(for error: any Error) -> String {
        if let error = error as? Errno { return error.description }
        return switch (error as? CocoaError)?.code {
        case .fileNoSuchFile, .fileReadNoSuchFile: "no such file or directory"
        case .fileReadNoPermission, .fileWriteNoPermission: "permission denied"
        case .fileWriteOutOfSpace: "no space left on device"
        case .fileWriteVolumeReadOnly: "read-only file system"
        case .fileReadTooLarge: "it is too large"
        case .fileReadInvalidFileName, .fileWriteInvalidFileName: "the file name is not valid"
        default: "it is a directory, or can't be opened"
        }
    }
}
