/**
 * The colours of the light and the dark style. Colour-blind people can tell the colours of the parts apart
 * (after Okabe and Ito). `--faint` is for lines, and for text that is elsewhere too: it has too little
 * contrast for other text.
 */
export const PALETTE = `
:root{color-scheme:light dark;--paper:#faf9f6;--card:#fff;--ink:#1b1a17;--soft:#6d695f;--faint:#a39e92;--line:#e7e3d9;
--warn:#a14600;--detect:#d55e00;--promote:#b5609a;--reconnect:#0072b2;--first-post:#009e73;--good:#00785a;--bad:#b3261e;--serves:#e4efe9;--serves-ink:#1f5443;--nobody:#f6e3d6;--nobody-ink:#8b3d00;--shadow:0 1px 2px #0000000d,0 8px 28px #0000000a}
@media (prefers-color-scheme:dark){:root{--paper:#131416;--card:#1b1d20;--ink:#ece9e2;--soft:#a09b90;--faint:#6e6a62;--line:#2d2f33;
--warn:#f5a35f;--detect:#f08a3c;--promote:#dd8fc3;--reconnect:#56b4e9;--first-post:#2fc79b;--good:#4fd3a8;--bad:#ff8a80;--serves:#1e3a31;--serves-ink:#a5e0cb;--nobody:#46291a;--nobody-ink:#ffc49b;--shadow:none}}
`;

/** How a plot and its parts look. */
export const PLOT = `
svg{display:block;width:100%;height:auto;font-size:11.5px}
svg text{fill:var(--soft)}svg .middle{text-anchor:middle}svg .end{text-anchor:end}svg .faint{font-size:10px}svg .value{fill:var(--ink);font-weight:600}svg .name{fill:var(--soft);font-size:12px}
.grid,.lane{stroke:var(--line)}.axis{stroke:var(--faint)}.median{stroke:var(--ink);stroke-dasharray:2 4;opacity:.55}.median-label{fill:var(--ink);font-weight:600}
.detect{fill:var(--detect);background:var(--detect)}.promote{fill:var(--promote);background:var(--promote)}.reconnect{fill:var(--reconnect);background:var(--reconnect)}.first-post{fill:var(--first-post);background:var(--first-post)}
.bar rect{stroke:var(--card);stroke-width:.8}.cut{stroke:var(--card);stroke-width:3}.bar:hover rect{opacity:.8}.band{opacity:.13}
.swatch{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:7px}
.narrow{display:none}@media screen and (max-width:760px){.wide{display:none}.narrow{display:block}}
`;

/**
 * The style of the page, light and dark. It refers to no other file: a page must look the same from a mail, a
 * disk or an archive.
 */
export const STYLE = `
${PALETTE}${PLOT}*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 ui-sans-serif,system-ui,-apple-system,"Segoe UI","Helvetica Neue",sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1120px;margin:0 auto;padding:56px 24px 72px}
header p.mark{margin:0 0 28px;font-size:14px;letter-spacing:.02em;color:var(--soft)}header p.mark b{color:var(--ink);font-weight:650}
h1{font-size:clamp(36px,6.2vw,68px);line-height:1.04;letter-spacing:-.035em;font-weight:680;margin:0 0 18px;text-wrap:balance}
h1 .good{color:var(--good)}h1 .bad{color:var(--bad)}
.lead{font-size:19px;line-height:1.5;color:var(--soft);max-width:46em;margin:0}
.counts{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:1px;background:var(--line);border:1px solid var(--line);border-radius:14px;overflow:hidden;margin:40px 0 0}
.counts div{background:var(--card);padding:18px 20px}.counts dt{font-size:13px;color:var(--soft)}.counts dd{margin:2px 0 0;font-size:30px;line-height:1.15;letter-spacing:-.02em;font-weight:620}
.counts .good dd{color:var(--good)}.counts .bad dd{color:var(--bad)}
section{margin-top:64px}h2{font-size:26px;letter-spacing:-.02em;line-height:1.2;margin:0 0 8px;font-weight:660}
section>p{max-width:46em;color:var(--soft);margin:0 0 20px}
.panel{background:var(--card);border:1px solid var(--line);border-radius:14px;box-shadow:var(--shadow);padding:20px 22px 14px;margin:0 0 18px}
h3{font-size:17px;margin:0 0 6px;font-weight:640}h3::first-letter{text-transform:uppercase}h3 .quiet{font-weight:400;font-size:14px;color:var(--soft);margin-left:14px}
figcaption{font-size:15px;color:var(--soft);padding:4px 0 8px}
.legend{display:flex;flex-wrap:wrap;gap:4px 22px;margin:2px 0 10px;font-size:14px;color:var(--soft)}.legend b{color:var(--ink);font-weight:620}
.serves{fill:var(--serves)}svg .serves-label{fill:var(--serves-ink);font-weight:600;font-size:12.5px}.nobody{fill:var(--nobody)}svg .nobody-label{fill:var(--nobody-ink);font-size:12.5px}
.fault{stroke:var(--detect);stroke-width:1.6}svg .fault-label{fill:var(--detect);font-weight:640;font-size:12.5px}
.post line{stroke:var(--faint);stroke-width:1.4}.post .sent{fill:var(--card);stroke:var(--faint);stroke-width:1.3}.post .acknowledged{fill:var(--faint)}
.through line{stroke:var(--ink);stroke-width:2}.through .sent{stroke:var(--ink)}.through .acknowledged{fill:var(--ink)}.live{stroke:var(--reconnect);stroke-width:2.4;stroke-linecap:round;fill:none}
table{border-collapse:collapse;width:100%;font-size:15px}th,td{padding:9px 12px;text-align:right;border-bottom:1px solid var(--line)}th{font-weight:500;color:var(--soft);font-size:13px}th:first-child,td:first-child{text-align:left;padding-left:0}tr:last-child td{border-bottom:0}td:nth-last-child(-n+3){font-weight:640}
ul.findings{padding-left:20px;color:var(--bad)}
dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:6px 22px;margin:0;font-size:15px}dl.facts dt{color:var(--soft)}dl.facts dd{margin:0;overflow-wrap:anywhere}
footer{margin-top:56px;padding-top:20px;border-top:1px solid var(--line);font-size:14px;color:var(--soft)}
@media screen and (max-width:760px){main{padding:36px 16px 56px}.panel{padding:16px 14px 10px}h3 .quiet{display:block;margin:2px 0 6px}
table,tbody,tr,td{display:block}thead{display:none}tr{padding:10px 0;border-bottom:1px solid var(--line)}tr:last-child{border-bottom:0}td,td:first-child{display:flex;justify-content:space-between;border:0;padding:2px 0}td::before{content:attr(data-name);color:var(--soft)}td:first-child{font-weight:640}td:first-child::first-letter{text-transform:uppercase}td:first-child::before{content:none}dl.facts{grid-template-columns:1fr;gap:0}dl.facts dd{margin-bottom:8px}}
@media print{.panel{break-inside:avoid;box-shadow:none}}
`;
