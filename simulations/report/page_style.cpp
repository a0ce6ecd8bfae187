#include "simulations/report/page_style.h"

#include "simulations/report/chart.h"
#include "simulations/report/heat_map.h"

namespace outrider::simulations {
namespace {

constexpr const char* kColoursAndType = R"(
:root{color-scheme:light dark;--ground:#fff;--raised:#f6f7f9;--text:#1b1d21;--soft:#4b5058;--faint:#6b717b;
--line:#e1e4e8;--accent:#0072b2}
@media screen and (prefers-color-scheme:dark){:root{--ground:#16181c;--raised:#1f2228;--text:#eceef1;--soft:#bcc1c9;
--faint:#969ca6;--line:#33373f;--accent:#4db1f0}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;padding:2.2rem 1.2rem 3rem;max-width:60rem;background:var(--ground);color:var(--text);
font:15px/1.55 system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;overflow-wrap:break-word}
h1{font-size:1.75rem;line-height:1.25;margin:0 0 .5rem;letter-spacing:-.01em}
h2{font-size:1.2rem;margin:2.6rem 0 .8rem;padding-top:1.1rem;border-top:1px solid var(--line)}
p{margin:.6rem 0;max-width:46rem}
.lead{font-size:1.08rem;color:var(--soft)}
.notice{border-left:.3rem solid var(--accent);background:var(--raised);padding:.5rem .9rem;font-weight:600}
nav{font-size:.9rem;margin:1rem 0 0;display:flex;flex-wrap:wrap;gap:.2rem 1.1rem}
a{color:var(--accent);text-decoration:none}a:hover{text-decoration:underline}
)";

constexpr const char* kBlocks = R"(
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:.7rem;margin:1.6rem 0 0}
.figures div{background:var(--raised);border-radius:8px;padding:.75rem .9rem;display:flex;flex-direction:column}
.figures dt{font-size:.8rem;color:var(--soft);line-height:1.35}
.figures dd{margin:0}.figures .value{font-size:1.3rem;font-weight:600;line-height:1.35;white-space:nowrap;
font-variant-numeric:tabular-nums}
.figures .note{font-size:.78rem;color:var(--faint);line-height:1.35}
figure{margin:0 0 1.6rem;min-width:0}
figcaption{font-weight:600;font-size:.92rem;margin:0 0 .45rem}
.chart{display:block;width:100%;height:auto}
.wide .chart{max-width:760px}.narrow{display:none}.small .chart{max-width:440px}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,25rem),1fr));gap:.6rem 1.6rem}
.grid.maps{grid-template-columns:repeat(auto-fill,minmax(min(100%,17rem),1fr))}
.scroll{overflow:auto;max-height:34rem}
.scroll:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
table{border-collapse:collapse;font-size:.88rem;line-height:1.4}
th,td{padding:.32rem .7rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
td{max-width:28rem}
.data{width:max-content}
.data thead th{position:sticky;top:0;background:var(--ground);color:var(--soft);font-weight:600;vertical-align:bottom;
box-shadow:inset 0 -1px var(--faint);border:0}
.data tbody tr:hover{background:var(--raised)}
.data .n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.data th:first-child,.data td:first-child{padding-left:0}
.data tr.rule td{border-top:1px solid var(--faint)}
.more{font-size:.85rem;color:var(--faint);margin:.4rem 0 0}
.bars{display:grid;grid-template-columns:fit-content(40%) 1fr;gap:.3rem .8rem;align-items:center;font-size:.88rem;
margin:0;max-width:46rem}
.bars dt{color:var(--soft);text-align:right;overflow-wrap:anywhere}
.bars dd{margin:0;display:flex;align-items:center;gap:.5rem;font-variant-numeric:tabular-nums}
.bars b{display:block;height:.85rem;min-width:2px;background:var(--accent);border-radius:2px}
.bars .track{flex:1}.bars .text{flex:none;min-width:11rem}
.facts{display:grid;grid-template-columns:fit-content(45%) 1fr;gap:.2rem 1rem;font-size:.85rem;margin:0}
.facts dt{color:var(--faint)}.facts dd{margin:0;overflow-wrap:anywhere}
)";

constexpr const char* kWindowsAndPaper = R"(
@media screen and (max-width:36rem){body{padding:1.2rem .9rem 2rem}h1{font-size:1.4rem}
.wide{display:none}.narrow{display:block}.figures{grid-template-columns:repeat(auto-fill,minmax(8.5rem,1fr))}
.figures .value{font-size:1rem}th,td{padding:.3rem .5rem}.bars .text{min-width:6.5rem}
.heat td{min-width:2.2em;padding:.2em .1em}}
@page{margin:16mm}
@media print{body{padding:0;max-width:none;font-size:10.5pt}nav{display:none}
.scroll{overflow:visible;max-height:none}.data thead th{position:static}thead{display:table-header-group}
h2{break-after:avoid}figcaption{break-after:avoid}.figures,.grid figure,.bars,tr,svg{break-inside:avoid}
table{font-size:8.5pt}.data{width:auto}.wide .chart{max-width:165mm}
.figures div{border:1px solid var(--line)}.bars b{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)";

}  // namespace

std::string page_style() {
  return std::string(kColoursAndType) + kBlocks + chart_style() + heat_map_style() + kWindowsAndPaper;
}

}  // namespace outrider::simulations
