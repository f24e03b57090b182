// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Nitka
internal import NitkaSystem

/// Reading and writing of whole files, with one sentence when it can't be done.
enum TextFile {
    /// `write report.json: no such file or directory`; its texts are escaped.
    struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ doing: String, _ path: String, _ reason: String) {
            description = "\(doing) \(EscapedText(path)): \(reason)"
        }
    }

    /// Writes the file as a whole, or leaves what was there as it was; `-` is standard output.
    ///
    /// What is there and no ordinary file, a pipe or `/dev/null`, is written to: to put a new file in its place would
    /// take it away from everybody else.
    static func write(_ text: String, to path: String) throws(Failure) {
        do {
            if path == "-" { return try StandardStream.output.write(text) }
            let place = URL(filePath: path).resolvingSymlinksInPath()
            let isOrdinary = [nil, .typeRegular].contains(kind(of: place.path))
            try Data(text.utf8).write(to: place, options: isOrdinary ? .atomic : [])
        } catch {
            throw Failure("write", path, words(for: error))
        }
    }

    /// The whole text; `-` is standard input.
    static func read(_ path: String) throws(Failure) -> String {
        let bytes = try bytes(of: path)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure("read", path, "it is not text in UTF-8")
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
            throw Failure("read", path, words(for: error))
        }
        // What the shell makes of <(command): Foundation opens it without waiting, and finds it empty.
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

    private static func words(for error: any Error) -> String {
        if let error = error as? Errno { return error.description }
        return switch (error as? CocoaError)?.code {
        case .fileNoSuchFile, .fileReadNoSuchFile: "no such file or directory"
        case .fileReadNoPermission, .fileWriteNoPermission: "permission denied"
        case .fileWriteOutOfSpace: "no space left on device"
        case .fileWriteVolumeReadOnly: "read-only file system"
        case .fileReadTooLarge: "it is too large"
        case .fileReadInvalidFileName, .fileWriteInvalidFileName: "its name is not one of a file"
        default: "it is a directory, or can't be opened"
        }
    }
}
