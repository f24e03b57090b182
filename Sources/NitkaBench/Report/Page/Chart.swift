// SPDX-License-Identifier: Apache-2.0

internal import NitkaProbe

/// A chart with two axes, in SVG that uses the available width.
///
/// Lines are drawn in a box that is stretched, with strokes that are not. Labels, dots and marks are outside that box, at
/// positions in percent, so that they keep their size on a phone. The left axis is a separate SVG element, because SVG
/// cannot express "full width minus some pixels".
struct Chart {
    /// An axis: its scale, and the labels of its ticks.
    struct Axis {
        var scale: any Scale
        var label: (Double) -> String
    }

    let title: String
    /// One or two sentences about the content, for screen readers.
    let summary: String
    /// The colour classes of the lines, and their names.
    var legend: [(style: String, name: String)] = []
    let across: Axis
    let up: Axis
    /// Shapes in the stretched box.
    var shapes: [String] = []
    /// Dots and other elements that must not be stretched.
    var marks: [String] = []

    static let height = 190.0
    private static let top = 8.0
    private static let bottom = 164.0

    /// The distance from the upper edge in pixels.
    func y(_ value: Double) -> Double { Self.bottom - up.scale.place(value) * (Self.bottom - Self.top) }
    /// The distance from the left edge in thousandths of the width.
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
        // At least 2 pixels: even 1 echo in a million is visible.
        let (left, right, upper) = (x(left), x(right), min(y(value), Self.bottom - 2))
        shapes.append(
            #"<rect class="bar \#(style)" x="\#(Markup.place(left))" y="\#(Markup.place(upper))" "#
                + #"width="\#(Markup.place(max(0, right - left)))" height="\#(Markup.place(Self.bottom - upper))"/>"#)
    }

    /// A dot with a tooltip.
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

extension Chart {
    /// The chart as a `figure` element.
    ///
    /// - Parameter id: unique in the page.
    func markup(id: String) -> String {
        """
        <figure>
        <figcaption><h2>\(Markup.escaped(title))</h2>\(legendMarkup)</figcaption>
        <div class="plot">
        <svg class="axis" width="52" height="\(Markup.place(Self.height))" aria-hidden="true">\(upLabels)</svg>
        <svg class="field" height="\(Markup.place(Self.height))" role="img" aria-labelledby="\(id)-t \(id)-d">
        <title id="\(id)-t">\(Markup.escaped(title))</title>
        <desc id="\(id)-d">\(Markup.escaped(summary))</desc>
        \(grid)
        <svg width="100%" height="\(Markup.place(Self.height))" viewBox="0 0 1000 \(Markup.place(Self.height))" \
        preserveAspectRatio="none">\(shapes.joined())</svg>
        \(marks.joined())
        \(acrossLabels)
        </svg>
        </div>
        </figure>

        """
    }

    private var legendMarkup: String {
        guard legend.count > 1 else { return "" }
        let entries = legend.map { #"<li class="\#($0.style)">\#(Markup.escaped($0.name))</li>"# }
        return "<ul class=\"legend\">\(entries.joined())</ul>"
    }

    private var upLabels: String {
        up.scale.ticks.map { tick in
            #"<text x="46" y="\#(Markup.place(y(tick) + 4))" text-anchor="end">\#(Markup.escaped(up.label(tick)))</text>"#
        }.joined()
    }

    private var grid: String {
        up.scale.ticks.map { tick in
            let y = Markup.place(y(tick))
            return #"<line class="grid" x1="0" x2="100%" y1="\#(y)" y2="\#(y)"/>"#
        }.joined()
    }

    /// The first and the last label are aligned to stay within the chart.
    private var acrossLabels: String {
        across.scale.ticks.map { tick in
            let place = across.scale.place(tick)
            let anchor = place < 0.04 ? "start" : place > 0.96 ? "end" : "middle"
            return #"<text x="\#(percent(tick))" y="182" text-anchor="\#(anchor)">"#
                + "\(Markup.escaped(across.label(tick)))</text>"
        }.joined()
    }
}
