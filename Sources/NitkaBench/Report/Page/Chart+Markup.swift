// SPDX-License-Identifier: Apache-2.0

internal import NitkaProbe

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
