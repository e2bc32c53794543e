/// Colours and text of pages and charts, for light and dark screens and for paper.
enum Style {
    /// Rules for charts, which also stand in figures written as files of their own.
    ///
    /// The first three of the series' colours are of Okabe and Ito's palette (2008), which
    /// colour-blind readers can tell apart; dark screens get its lighter ones. The others were
    /// searched to be at least 3 : 1 in contrast to the paper and far from these and each other in
    /// CIELAB, also as readers without one kind of cone see them (Machado et al. 2009).
    static let charts = """
        :root{--paper:#fff;--ink:#1f2328;--muted:#57606a;--grid:#d8dee4;--note:#fff4d6;\
        --c1:#0072b2;--c2:#d55e00;--c3:#009e73;--c4:#9314db;--c5:#6e4924;--c6:#1f2328;\
        --soft:.55}
        @media screen and (prefers-color-scheme:dark){:root{--paper:#14181d;--ink:#e6e9ed;\
        --muted:#a3adb8;--grid:#343c45;--note:#3a3013;--c1:#56b4e9;--c2:#e69f00;--c3:#2cc79b;\
        --c4:#b84da0;--c5:#cffc95;--c6:#ffffff;--soft:.6}}
        svg text{font:11.5px system-ui,sans-serif;fill:var(--ink)}
        svg .title{font-weight:600;font-size:12.5px}svg .muted{fill:var(--muted)}
        svg .middle{text-anchor:middle}svg .end{text-anchor:end}
        svg .halo{paint-order:stroke;stroke:var(--paper);stroke-width:4px}
        svg .paper{fill:var(--paper)}
        svg .grid{stroke:var(--grid);stroke-width:1}svg .axis{stroke:var(--muted);stroke-width:1}
        svg .line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
        svg .c1{stroke:var(--c1)}svg .c2{stroke:var(--c2)}svg .c3{stroke:var(--c3)}
        svg .c4{stroke:var(--c4)}svg .c5{stroke:var(--c5)}svg .c6{stroke:var(--c6)}
        svg .c0{stroke:var(--muted)}svg .ring{fill:var(--paper);stroke-width:2}
        svg .f1{fill:var(--c1)}svg .f2{fill:var(--c2)}svg .f3{fill:var(--c3)}
        svg .f4{fill:var(--c4)}svg .f5{fill:var(--c5)}svg .f6{fill:var(--c6)}
        svg .f0{fill:var(--muted)}svg .soft{fill-opacity:var(--soft)}svg .band{fill-opacity:.16}
        svg .dash1{stroke-dasharray:7 4}svg .dash2{stroke-dasharray:2 4}
        svg .dash3{stroke-dasharray:9 3 2 3}
        """

    /// Rules for the page around the charts.
    static let page = """
        :root{color-scheme:light dark}
        *{box-sizing:border-box}
        body{margin:0 auto;padding:1rem .75rem 3rem;max-width:62rem;background:var(--paper);\
        color:var(--ink);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
        h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0}
        h2{font-size:1.15rem;margin:2rem 0 .5rem}h3{font-size:1rem;margin:.75rem 0 .25rem}
        p{margin:.5rem 0}.muted{color:var(--muted)}
        h1,h2,h3,p,figcaption,th,td{overflow:clip}
        .note{background:var(--note);border-left:4px solid var(--c2);padding:.5rem .75rem;\
        margin:.75rem 0}
        figure{margin:0}figcaption{margin:.25rem 0 .5rem}
        .panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,19rem),1fr));\
        gap:1rem;align-items:end}
        .panels svg{width:100%;max-width:27rem;height:auto;display:block}
        .tables{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,25rem),1fr));\
        gap:0 2rem}
        .scroll{overflow-x:auto;max-height:26rem;overflow-y:auto}
        table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums}
        th,td{padding:.2rem .9rem .2rem 0;text-align:right;border-bottom:1px solid var(--grid);\
        overflow-wrap:normal}
        th{font-weight:500}thead th{color:var(--muted)}th:first-child{text-align:left}
        .lead{font-weight:600}h2.task{font-size:1.3rem;border-bottom:2px solid var(--grid)}
        body:has(.results){max-width:70rem}
        .results .scroll{max-height:none}.results .muted{font-size:.875rem}
        .results h3{margin-top:1.5rem}.results th,.results td{padding-right:.6rem}
        .results td{white-space:nowrap}.results thead th{vertical-align:bottom}
        .results thead th:not(:first-child){max-width:7rem}
        .results th:first-child{position:sticky;left:0;background:var(--paper)}
        @media (min-width:48rem){.results th:first-child{white-space:nowrap;max-width:24rem;\
        text-overflow:ellipsis}}
        @media (max-width:48rem){.results th:first-child{min-width:7rem;overflow-wrap:anywhere}}
        .settings .scroll{max-height:none}\
        .settings th,.settings td,.texts th,.texts td{text-align:left;overflow-wrap:anywhere}
        .texts th,.texts td{min-width:6.5rem}.rows td:last-child{min-width:16rem}
        summary{cursor:pointer;color:var(--muted);padding:.35rem 0}
        @media print{body{max-width:none;padding:0;font-size:9.5pt}\
        .panels,.tables{grid-template-columns:1fr 1fr;gap:.5rem 1rem}.panels svg{max-width:7cm}\
        table{font-size:7.5pt}th,td{padding-right:.4rem}figure,section.block,tr{break-inside:avoid}\
        h2{break-after:avoid}.scroll{overflow:visible;max-height:none}\
        details:not([open]){display:none}\
        *{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
        """
}
