// SPDX-License-Identifier: Apache-2.0

extension ReportPage {
    /// Colours are defined once for light mode and once for dark mode. The 3 line colours have a contrast of at least 4 to
    /// the background, and differ in lightness, for readers with red-green colour blindness.
    static let style = """
        :root { --ground: #fbfaf7; --sheet: #ffffff; --text: #1d1d1b; --quiet: #66655f; --rule: #e4e2db;
          --c1: #0b6e75; --c2: #b25e00; --c3: #b3203d; --good: #1b6e3c; --bad: #b3203d; }
        @media (prefers-color-scheme: dark) {
          :root { --ground: #131417; --sheet: #1b1d21; --text: #e9e8e4; --quiet: #a09f98; --rule: #2f3238;
            --c1: #4cc2c9; --c2: #f0a04b; --c3: #ff7d8f; --good: #6fce94; --bad: #ff7d8f; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--ground); color: var(--text);
          font: 15px/1.45 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
        main { max-width: 1080px; margin: 0 auto; padding: 24px 16px 40px; }
        h1 { font-size: 1.55rem; line-height: 1.2; margin: .1em 0 .3em; overflow-wrap: anywhere; }
        h2 { font-size: .95rem; margin: 0; }
        p { margin: .2em 0; overflow-wrap: anywhere; }
        .quiet, footer { color: var(--quiet); font-size: .87rem; }
        footer { margin-top: 24px; max-width: 70ch; }
        .verdict { margin-top: 12px; font-weight: 600; }
        .valid { color: var(--good); border: 1px solid; border-radius: 99px; padding: 1px 12px; width: fit-content; }
        .invalid { background: #b9203f; color: #ffffff; padding: 14px 16px; border-radius: 8px; }
        .invalid strong { font-size: 1.6rem; letter-spacing: .06em; }
        .invalid ul { margin: .3em 0 0; padding-left: 1.2em; overflow-wrap: anywhere; }
        .headline { display: grid; grid-template-columns: repeat(2, 1fr); gap: 1px; margin: 20px 0;
          background: var(--rule); border: 1px solid var(--rule); border-radius: 8px; overflow: hidden; }
        @media (min-width: 480px) { .headline { grid-template-columns: repeat(4, 1fr); } }
        @media (min-width: 1060px) { .headline { grid-template-columns: repeat(8, 1fr); } }
        .headline div { background: var(--sheet); padding: 10px 12px; }
        dt { color: var(--quiet); font-size: .82rem; }
        dd { margin: 0; font-size: 1.3rem; font-weight: 600; font-variant-numeric: tabular-nums; white-space: nowrap; }
        .bad dd { color: var(--bad); }
        .charts, .tables { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 16px; }
        figure { margin: 0; padding: 12px 14px 8px 6px; min-width: 0; background: var(--sheet);
          border: 1px solid var(--rule); border-radius: 8px; }
        figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 2px 12px; padding: 0 0 8px 8px; }
        .legend { display: flex; gap: 12px; list-style: none; margin: 0; padding: 0; font-size: .82rem; color: var(--quiet); }
        .legend li::before { content: ""; display: inline-block; width: 12px; height: 3px; border-radius: 2px;
          margin-right: 5px; vertical-align: middle; background: var(--c); }
        .plot { display: flex; }
        .axis { flex: none; }
        .field { flex: 1; min-width: 0; overflow: visible; }
        svg text { font-size: 11px; fill: var(--quiet); font-variant-numeric: tabular-nums; }
        .c1 { --c: var(--c1); } .c2 { --c: var(--c2); } .c3 { --c: var(--c3); }
        .grid { stroke: var(--rule); stroke-width: 1; }
        .line { fill: none; stroke: var(--c); stroke-width: 2; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
        .area { fill: var(--c); opacity: .13; }
        .bar { fill: var(--c); stroke: var(--sheet); stroke-width: 1; vector-effect: non-scaling-stroke; }
        .dot { fill: var(--c); }
        .tables { margin-top: 20px; align-items: start; }
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
        caption { text-align: left; font-weight: 600; padding-bottom: 4px; }
        th, td { padding: 5px 4px; border-bottom: 1px solid var(--rule); text-align: right; }
        .counts th, .counts td { overflow-wrap: anywhere; }
        th { font-weight: 400; color: var(--quiet); }
        th[scope="row"] { text-align: left; }
        @media print { figure, tr { break-inside: avoid; } }
        """
}
