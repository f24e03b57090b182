// SPDX-License-Identifier: Apache-2.0

internal import NitkaProbe

/// A drawing with two axes, in SVG that takes the width that there is.
///
/// Lines are drawn in a box that is stretched, with strokes that are not; texts, dots and marks stand beside it, at
/// places in percent, so that they keep their size on a phone. The axis at the left is a drawing of its own for the
/// same reason: SVG has no "so many pixels less than all".
struct Chart {
    /// An axis: its scale, and how its marks are called.
    struct Axis {
        var scale: any Scale
        var label: (Double) -> String
    }

    let title: String
    /// In a sentence or two what is to be seen, for who doesn't see it.
    let summary: String
    /// What stands for what: the classes of colours, and names.
    var legend: [(style: String, name: String)] = []
    let across: Axis
    let up: Axis
    /// Paths in the stretched box.
    var shapes: [String] = []
    /// Dots, and what else must not be stretched.
    var marks: [String] = []

    static let height = 190.0
    private static let top = 8.0
    private static let bottom = 164.0

    /// Pixels from the upper edge.
    func y(_ value: Double) -> Double { Self.bottom - up.scale.place(value) * (Self.bottom - Self.top) }
    /// Thousandths of the width.
    func x(_ value: Double) -> Double { across.scale.place(value) * 1000 }

    mutating func line(_ points: [(x: Double, y: Double)], style: String) {
        guard points.count > 1 else { return }
        shapes.append(#"<path class="line \#(style)" d="\#(path(points))"/>"#)
    }

    mutating func area(_ points: [(x: Double, y: Double)], style: String) {
        guard let first = points.first, let last = points.last, points.count > 1 else { return }
        let down = "V\(Markup.place(Self.bottom))H\(Markup.place(x(first.x)))Z"
        shapes.append(#"<path class="area \#(style)" d="\#(path(points))H\#(Markup.place(x(last.x)))\#(down)"/>"#)
    }

    mutating func bar(from left: Double, to right: Double, value: Double, style: String) {
        // One echo in a million is seen too.
        let (left, right, upper) = (x(left), x(right), min(y(value), Self.bottom - 2))
        shapes.append(
            #"<rect class="bar \#(style)" x="\#(Markup.place(left))" y="\#(Markup.place(upper))" "#
                + #"width="\#(Markup.place(max(0, right - left)))" height="\#(Markup.place(Self.bottom - upper))"/>"#)
    }

    /// A dot that says what it stands for to who points at it.
    mutating func dot(_ point: (x: Double, y: Double), style: String, saying text: String) {
        marks.append(
            #"<circle class="dot \#(style)" cx="\#(percent(point.x))" cy="\#(Markup.place(y(point.y)))" r="2.5">"#
                + "<title>\(Markup.escaped(text))</title></circle>")
    }

    private func path(_ points: [(x: Double, y: Double)]) -> String {
        points.enumerated().map { index, point in
            "\(index == 0 ? "M" : "L")\(Markup.place(x(point.x))) \(Markup.place(y(point.y)))"
        }.joined()
    }

    func percent(_ value: Double) -> String { Markup.place(across.scale.place(value) * 100) + "%" }
}
