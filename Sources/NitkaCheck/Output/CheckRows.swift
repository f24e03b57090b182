// SPDX-License-Identifier: Apache-2.0

internal import Nitka
internal import NitkaProbe

/// The lines of a ``CheckTable`` one after another, while the check goes on.
///
/// Stages that are skipped one after another for the same reason share a row, which is there when it has ended.
public struct CheckRows: Sendable {
    private let width: Int
    private let unicode: Bool
    private var skipped: (first: StageReport, last: StageReport)?

    /// Rows of a table.
    ///
    /// - Parameters: as of ``CheckTable/lines(width:unicode:)``.
    public init(width: Int = 80, unicode: Bool = true) {
        self.width = width
        self.unicode = unicode
    }

    /// The lines that a stage adds.
    public mutating func add(_ stage: StageReport) -> [String] {
        if let row = skipped, stage.outcome == .skipped, stage.finding == row.first.finding {
            skipped = (row.first, stage)
            return []
        }
        let before = end()
        if stage.outcome == .skipped {
            skipped = (stage, stage)
            return before
        }
        let head =
            TextColumns.left(stage.outcome.rawValue.uppercased(), 6) + TextColumns.left(stage.stage.rawValue, 12)
            + TextColumns.right(Figures.time(stage.duration), 9)
        return before + row(head, stage)
    }

    /// The lines that are left when there are no more stages.
    public mutating func end() -> [String] {
        guard let (first, last) = skipped else { return [] }
        skipped = nil
        let names = first.stage == last.stage ? [first] : [first, last]
        return row("SKIP  " + names.map(\.stage.rawValue).joined(separator: " … "), first)
    }

    private static let findingColumn = 29
    /// Where so little is left for the finding that it gets lines of its own.
    private static let narrowest = 60

    private func row(_ head: String, _ stage: StageReport) -> [String] {
        let isNarrow = width < Self.narrowest
        let column = isNarrow ? 6 : Self.findingColumn
        let indent = String(repeating: " ", count: column)
        let texts = TextColumns.wrapped(finding(of: stage), width: width - column, indent: "")
        var lines = texts.map { indent + $0 }
        if isNarrow {
            lines.insert(head, at: 0)
        } else {
            lines[0] = TextColumns.left(head, column) + texts[0]
        }
        return unicode ? lines : lines.map(TextColumns.ascii)
    }

    private func finding(of stage: StageReport) -> String {
        let finding = EscapedText(stage.finding, limit: 400).description
        guard stage.outcome == .failed, let reason = stage.reason else { return finding }
        return "\(reason): \(finding)"
    }
}
