// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Nitka
internal import NitkaKernel

/// Reading and writing of whole files, with one sentence when it can't be done.
enum TextFile {
    /// `write report.json: no such file or directory`; its texts are escaped.
    struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ doing: String, _ path: String, _ reason: String) {
            description = "\(doing) \(EscapedText(path)): \(EscapedText(reason))"
        }
    }

    /// The most that is read: reports and logs are far smaller, and an endless device ends there.
    static let longest = 256 << 20

    /// Writes the file as a whole, or leaves what was there as it was; `-` is standard output.
    ///
    /// What is there and no ordinary file, a pipe or `/dev/null`, is written to: to put a new file in its place would
    /// take it away from everybody else.
    static func write(_ text: String, to path: String) throws(Failure) {
        do {
            if path == "-" { return try StandardStream.output.write(text) }
            let place = URL(filePath: path).resolvingSymlinksInPath()
            try Data(text.utf8).write(to: place, options: isSpecial(place.path) ? [] : .atomic)
        } catch {
            throw Failure("write", path, words(for: error))
        }
    }

    /// The whole text; `-` is standard input.
    static func read(_ path: String) throws(Failure) -> String {
        do {
            let place = path == "-" ? "/dev/stdin" : path
            let file = try Data(contentsOf: URL(filePath: place))
            guard let text = String(bytes: file, encoding: .utf8) else {
                throw Failure("read", path, "it is not text in UTF-8")
            }
            return text
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure("read", path, words(for: error))
        }
    }

    private static func isSpecial(_ path: String) -> Bool {
        guard let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType else {
            return false
        }
        return type != .typeRegular
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
