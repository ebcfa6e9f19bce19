//! How the page looks, on A4 lying on its side and on a screen.

/// No character of it means anything in XML.
pub(super) const CSS: &str = "
@page { size: A4 landscape; margin: 12mm 12mm 14mm; }
@page { @bottom-right { content: counter(page) ' / ' counter(pages); font: 8pt sans-serif; } }
:root { color-scheme: light; }
body { font: 9pt/1.35 'Liberation Sans', Arial, 'DejaVu Sans', sans-serif; color: #111; background: #fff; margin: 0 auto; max-width: 273mm; }
h1 { font-size: 20pt; margin: 0 0 1mm; }
h2 { font-size: 12.5pt; margin: 0 0 1mm; break-after: avoid; }
p { margin: 0 0 2mm; }
.period { font-size: 11pt; }
.verdict { border: 0.5mm solid #111; border-left-width: 3mm; padding: 2mm 3mm; font-weight: bold; font-size: 11pt; }
.verdict.amiss { border-style: double; border-width: 1.2mm; border-left-width: 3mm; color: #8b0000; }
pre { font: 8.5pt 'Liberation Mono', 'DejaVu Sans Mono', monospace; white-space: pre-wrap; overflow-wrap: anywhere; border: 0.2mm solid #999; padding: 2mm; margin: 0 0 2mm; }
nav ul { columns: 3; margin: 3mm 0; padding-left: 5mm; }
nav a { color: #111; }
section { margin-top: 7mm; }
.short { break-inside: avoid; }
figure { margin: 0 0 6mm; break-inside: avoid; }
figcaption { font-weight: bold; margin-bottom: 1.5mm; }
svg { display: block; width: 100%; height: auto; font-family: 'Liberation Sans', Arial, 'DejaVu Sans', sans-serif; }
svg text { font-size: 125px; fill: #111; }
svg text.e { text-anchor: end; }
svg text.m { text-anchor: middle; }
svg text.s { font-weight: bold; }
svg .b { stroke: #222; stroke-width: 10; }
svg .g { stroke: #bbb; stroke-width: 6; fill: none; }
svg .n { stroke: #222; stroke-width: 12; fill: none; }
svg .l { stroke: #111; stroke-width: 26; fill: none; }
svg .p { fill: #fff; stroke: #111; stroke-width: 20; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
th, td { padding: 0.7mm 1.4mm; border-bottom: 0.15mm solid #bbb; text-align: left; vertical-align: top; }
thead th { border-bottom: 0.4mm solid #111; vertical-align: bottom; font-size: 8pt; background: #eee; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
tbody th { font-weight: bold; white-space: nowrap; }
.n { text-align: right; }
td.n, td.t { white-space: nowrap; }
td.w { white-space: normal; overflow-wrap: anywhere; min-width: 26mm; }
table.wide { font-size: 7.5pt; }
table.wide th { font-size: 6.5pt; }
table.wide th, table.wide td { padding: 0.7mm 0.8mm; }
td.z { color: #666; }
td.amiss { color: #8b0000; font-weight: bold; text-decoration: underline; }
td.j { font: 7.5pt 'Liberation Mono', 'DejaVu Sans Mono', monospace; overflow-wrap: anywhere; min-width: 60mm; }
.none { font-style: italic; }
@media screen { body { padding: 8mm; } section { overflow-x: auto; } }
@media print { #charts, #charts + section, #glossary { break-before: page; } section > p { break-after: avoid; } a { text-decoration: none; } }
";
