/** CSS for charts, matrices and galleries of training pages, in addition to the common style. */
export const STYLE = `
:root {
  --heat-full: #8dbbf0; --bar: #cfe3fa;
  --c0: #1f63b5; --c1: #c2410c; --c2: #15803d; --c3: #9333a8; --c4: #8a6a00; --c5: #0e7490; --c6: #be185d; --c7: #52525b;
  --w0: #c97a12; --w1: #d0652f; --w2: #cf5250; --w3: #bf4064; --w4: #a3386f; --w5: #782a70; --w6: #4f1d63; --w7: #2a1047;
  --q0: #15803d; --q1: #8fc7a0; --q2: #f0b678; --q3: #c2410c; }
@media screen and (prefers-color-scheme: dark) { :root {
  --heat-full: #1f5aa6; --bar: #23446e;
  --c0: #6fb0ff; --c1: #ff9a62; --c2: #5fd28a; --c3: #d79bf0; --c4: #e3c04f; --c5: #5ccbe0; --c6: #ff8ab8; --c7: #b7bcc5;
  --w0: #7a5fc7; --w1: #9d55c6; --w2: #ba4fa8; --w3: #d65c85; --w4: #ee7d66; --w5: #fa9f4d; --w6: #fcc742; --w7: #f6f07a;
  --q0: #3fae6a; --q1: #2b5c3f; --q2: #7d5526; --q3: #e5733a; } }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 20px; }
figure { margin: 0; }
figcaption, caption { font-weight: 600; text-align: left; margin-bottom: 6px; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font-size: 12px; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 0 0 6px; padding: 0; font-size: .85rem; color: var(--soft); }
.legend li { display: flex; align-items: center; gap: 6px; }
.legend svg { width: 28px; flex: none; }
.grid { stroke: var(--line); }
.marked { stroke: var(--soft); stroke-dasharray: 2 4; stroke-width: 1.5; }
.line { fill: none; stroke: var(--c); stroke-width: 2; stroke-linejoin: round; stroke-dasharray: var(--dash, none); }
circle { fill: var(--c); }
.s0 { --c: var(--c0); } .s1 { --c: var(--c1); --dash: 7 3; } .s2 { --c: var(--c2); --dash: 3 3; } .s3 { --c: var(--c3); --dash: 9 3 2 3; }
.s4 { --c: var(--c4); --dash: 12 4; } .s5 { --c: var(--c5); --dash: 5 5; } .s6 { --c: var(--c6); --dash: 2 2; } .s7 { --c: var(--c7); --dash: 10 2 2 2 2 2; }
.close th, .close td { padding: 4px 8px; }
.bar { background: linear-gradient(var(--bar), var(--bar)) no-repeat left / var(--share) 100%; min-width: 110px; }
.matrices { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 500px), 1fr)); gap: 24px; }
.confusion th, .confusion td { padding: 0 4px; height: 34px; }
.confusion th[scope=row] { text-align: right; padding-right: 8px; font-weight: 500; white-space: nowrap; }
.confusion th[scope=col] { font-weight: 500; vertical-align: bottom; padding-bottom: 4px; }
.confusion th[scope=col] span { display: inline-block; writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap; }
.confusion thead td, .confusion thead th { height: auto; }
.heat { min-width: 46px; text-align: center; border: 1px solid var(--card); background: color-mix(in srgb, var(--heat-full) var(--heat), var(--card)); }
.heat.right { outline: 1px solid var(--soft); outline-offset: -2px; font-weight: 600; }
.plot { display: grid; grid-template-columns: minmax(0, 660px) minmax(220px, 1fr); gap: 24px; align-items: center; }
@media (max-width: 800px) { .plot { grid-template-columns: minmax(0, 1fr); } }
.frame { fill: none; stroke: var(--soft); }
.diagonal { stroke: var(--text); stroke-width: 1.5; }
.ridge { stroke: var(--text); stroke-width: 1.5; stroke-dasharray: 6 4; }
.margin { stroke: var(--soft); stroke-dasharray: 2 4; }
svg text.name, svg text.share { paint-order: stroke; stroke: var(--card); stroke-width: 5px; stroke-linejoin: round; }
svg text.name { fill: var(--text); font-size: 13px; font-weight: 600; }
.dots circle { opacity: .8; }
.w0 { --c: var(--w0); } .w1 { --c: var(--w1); } .w2 { --c: var(--w2); } .w3 { --c: var(--w3); } .w4 { --c: var(--w4); } .w5 { --c: var(--w5); } .w6 { --c: var(--w6); } .w7 { --c: var(--w7); }
.ramp { display: flex; align-items: center; gap: 8px; font-size: .85rem; color: var(--soft); margin-bottom: 16px; }
.ramp i { flex: 1; max-width: 200px; height: 12px; border-radius: 3px; background: linear-gradient(to right, var(--w0), var(--w1), var(--w2), var(--w3), var(--w4), var(--w5), var(--w6), var(--w7)); }
.plot p { font-size: .85rem; }
.key { list-style: none; padding: 0; margin: 0 0 12px; font-size: .9rem; }
.key li { margin-bottom: 8px; padding-left: 20px; position: relative; }
.key li::before { content: ""; position: absolute; left: 0; top: .35em; width: 12px; height: 12px; border-radius: 3px; background: var(--q); }
.clear-agreed { --q: var(--q0); } .ambiguous-agreed { --q: var(--q1); } .ambiguous-disagreed { --q: var(--q2); } .confident-disagreed { --q: var(--q3); }
.stack { display: flex; width: 120px; height: 14px; border-radius: 3px; overflow: hidden; background: var(--line); }
.stack i { background: var(--q); }
.thumbs { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 12px; margin-top: 8px; }
.thumbs figure { border: 1px solid var(--line); border-radius: 8px; padding: 8px; font-size: .8rem; line-height: 1.35; }
.thumbs img, .thumbs .none { display: block; width: 96px; height: 96px; object-fit: contain; margin: 0 auto 6px; border-radius: 4px; }
.thumbs .none { display: grid; place-items: center; border: 1px dashed var(--line); }
.thumbs figcaption { font-weight: 400; margin: 0; overflow-wrap: anywhere; }
.thumbs b { display: block; }
.id { color: var(--soft); display: block; }
`;
