// The style sheet of the pages. It is inline, so that a page is one file.
#pragma once

#include <string_view>

namespace helip::report {

inline constexpr std::string_view kStyleSheet = R"css(
:root {
  color-scheme: light dark;
  --plane: #f6f6f3; --surface: #ffffff; --ink: #14140f; --soft: #56554e; --faint: #8b897f;
  --line: #e2e1da; --grid: #ecebe5; --accent: #2a6fc9; --good: #0b7a3b; --bad: #b3372e;
  --series-1: #2a78d6; --series-2: #159a68; --series-3: #c98500; --series-4: #8a4fc7; --series-5: #d1495b; --series-6: #5f7480;
}
@media (prefers-color-scheme: dark) {
  :root {
    --plane: #12120f; --surface: #1b1b18; --ink: #f3f2ec; --soft: #bab8ac; --faint: #8b897f;
    --line: #33322d; --grid: #292823; --accent: #6aa6f0; --good: #4fc07d; --bad: #ef8279;
    --series-1: #4d94ea; --series-2: #2bb583; --series-3: #d99a1f; --series-4: #a877de; --series-5: #e4707f; --series-6: #8ba0ac;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--plane); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-size: 19px; margin: 44px 0 4px; letter-spacing: -0.005em; }
h3 { font-size: 14px; margin: 0 0 8px; font-weight: 600; }
p { margin: 4px 0 14px; max-width: 76ch; }
.soft, figcaption, .note { color: var(--soft); }
.note { font-size: 13px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 12px; margin: 20px 0 0; }
.tile, .card, .notice { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; }
.tile { padding: 14px 16px; }
.tile .name { color: var(--soft); font-size: 13px; }
.tile .value { font-size: 26px; font-weight: 600; line-height: 1.25; letter-spacing: -0.01em; }
.tile .more { font-size: 13px; color: var(--soft); }
.up { color: var(--good); } .down { color: var(--bad); }
.notice { border-left: 4px solid var(--series-3); padding: 10px 16px; margin: 20px 0 0; }
.notice ul { margin: 4px 0; padding-left: 20px; }
.scroll { overflow-x: auto; background: var(--surface); border: 1px solid var(--line); border-radius: 10px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 8px 12px; text-align: right; border-top: 1px solid var(--grid); white-space: nowrap; }
th { font-weight: 600; color: var(--soft); font-size: 13px; }
thead th { border-top: 0; }
th:first-child, td:first-child { text-align: left; }
tr.group th { padding-top: 16px; color: var(--ink); background: none; }
tr.group + tr td { border-top: 0; }
td .spread { color: var(--soft); }
td.key { font-weight: 600; }
details { margin: 8px 0 20px; } summary { cursor: pointer; color: var(--soft); font-size: 13px; margin-bottom: 8px; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(300px, 100%), 1fr)); gap: 12px; margin-top: 12px; }
.charts.pairs { grid-template-columns: repeat(auto-fill, minmax(min(440px, 100%), 1fr)); }
figure { margin: 0; padding: 14px 16px; background: var(--surface); border: 1px solid var(--line); border-radius: 10px; }
figcaption { font-size: 13px; margin-top: 6px; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { fill: var(--soft); font-size: 12px; font-family: inherit; }
svg .grid { stroke: var(--grid); stroke-width: 1; }
svg .axis { stroke: var(--line); stroke-width: 1; }
svg .curve { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
svg .band { opacity: 0.16; stroke: none; }
svg .zero { stroke: var(--faint); stroke-width: 1; stroke-dasharray: 3 3; }
svg .effect { --mark: var(--faint); }
svg .effect.higher { --mark: var(--good); }
svg .effect.lower { --mark: var(--bad); }
svg .effect circle { fill: var(--mark); }
svg .interval { stroke: var(--mark); stroke-width: 2; stroke-linecap: round; }
svg .bar { fill: var(--series-1); }
svg .bar:hover { fill: var(--ink); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 14px; font-size: 13px; color: var(--soft); margin: 0 0 6px; padding: 0; list-style: none; }
.legend i { display: inline-block; width: 14px; height: 3px; border-radius: 2px; margin-right: 6px; vertical-align: middle; }
.gallery { display: grid; gap: 12px; margin-top: 14px; }
.card { padding: 12px; display: grid; grid-template-columns: 168px 1fr; gap: 16px; }
.target { border-right: 1px solid var(--grid); padding-right: 16px; }
.partners { display: grid; grid-template-columns: repeat(auto-fill, minmax(116px, 1fr)); gap: 12px; }
.picture { background: #fff; border-radius: 6px; border: 1px solid var(--grid); width: 100%; aspect-ratio: 1; object-fit: contain; display: block; padding: 4px; }
.caption { font-size: 12px; line-height: 1.35; color: var(--soft); margin: 6px 0 0; overflow-wrap: anywhere;
  display: -webkit-box; -webkit-line-clamp: 4; -webkit-box-orient: vertical; overflow: hidden; }
.target .caption { color: var(--ink); font-size: 13px; }
.score { font-size: 12px; font-variant-numeric: tabular-nums; font-weight: 600; margin-top: 6px; }
.score span { font-weight: 400; color: var(--faint); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 18px; margin: 12px 0 0; font-size: 14px; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
footer { margin-top: 48px; color: var(--faint); font-size: 13px; }
@media (max-width: 640px) {
  main { padding: 24px 14px 48px; }
  .card { grid-template-columns: 1fr; }
  .target { border-right: 0; padding-right: 0; display: grid; grid-template-columns: 110px 1fr; gap: 0 12px; align-items: start; }
  .target .picture { grid-row: span 2; }
}
@media print { .card, figure, .tile { break-inside: avoid; } }
)css";

}  // namespace helip::report
