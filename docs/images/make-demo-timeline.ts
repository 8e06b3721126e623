/**
 * Draws docs/images/demo-timeline.svg from what `fer demo` found: one band a face, its posteriors stacked over time.
 *
 *   npx fer demo && npx tsx docs/images/make-demo-timeline.ts
 */
import { readFile, writeFile } from 'node:fs/promises';
import { expressionColour } from '../../src/stream/results/palette.js';

const source = process.argv[2] ?? 'fer-demo/demo.jsonl';
const target = new URL('demo-timeline.svg', import.meta.url);

interface Row {
  readonly type: string;
  readonly timestamp: number;
  readonly model: { readonly name: string; readonly labels: readonly string[] };
  readonly faces: readonly { readonly trackId: number; readonly probabilities: Readonly<Record<string, number>> }[];
}

const rows = (await readFile(source, 'utf8')).trim().split('\n').map((line) => JSON.parse(line) as Row);
const { labels } = rows[0]!.model;
const frames = rows.filter(({ type }) => type === 'frame');
const faces = [...new Set(frames.flatMap((frame) => frame.faces.map(({ trackId }) => trackId)))].sort((a, b) => a - b);

const [left, right, top, band, gap, width] = [70, 10, 34, 64, 12, 860];
const plot = width - left - right;
const end = frames.at(-1)!.timestamp + 1 / 25;
const height = top + faces.length * (band + gap) + 26;
const x = (time: number): number => left + (time / end) * plot;
const step = plot / (end * 25);

const legend = labels.map((label, index) => {
  const at = left + (index * plot) / labels.length;
  return `<rect x="${at}" y="8" width="12" height="12" fill="#${expressionColour(label)}"/><text x="${at + 17}" y="18">${label}</text>`;
});
const bands = faces.map((trackId, index) => {
  const y = top + index * (band + gap);
  const bars = frames.flatMap(({ timestamp, faces: seen }) => {
    const face = seen.find((candidate) => candidate.trackId === trackId);
    if (face === undefined) return [];
    let below = 0;
    return labels.map((label) => {
      const tall = (face.probabilities[label] ?? 0) * band;
      below += tall;
      if (tall < 0.4) return '';
      return `<rect x="${x(timestamp).toFixed(1)}" y="${(y + band - below).toFixed(1)}" width="${(step + 0.3).toFixed(1)}" height="${tall.toFixed(1)}" fill="#${expressionColour(label)}"/>`;
    });
  });
  return `<rect x="${left}" y="${y}" width="${plot}" height="${band}" fill="#f4f4f4"/>${bars.join('')}<text x="${left - 8}" y="${y + band / 2 + 4}" text-anchor="end">face ${trackId}</text>`;
});
const ticks = Array.from({ length: Math.floor(end) + 1 }, (_, second) => {
  return `<text x="${x(second).toFixed(1)}" y="${height - 8}" text-anchor="middle">${second} s</text>`;
});

await writeFile(
  target,
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="#333" shape-rendering="crispEdges">
<rect width="100%" height="100%" fill="#fff"/>
${[...legend, ...bands, ...ticks].join('\n')}
</svg>
`,
);
