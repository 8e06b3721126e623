/**
 * Frames per second of the whole way from file to result, beside the stock face-api chain (TinyFaceDetector 320, 68
 * landmarks, expressions; every frame) on the same file, in turns within one run, on the wasm engine.
 *
 *   npm run bench:annotate [-- --input clip.mp4 --rounds 5 --write]
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { expandInputs } from '../src/ingest/sources/expand-inputs.js';
import { openSource } from '../src/ingest/sources/open-source.js';
import { openBackend } from '../src/model/engines/open-backend.js';
import { Annotator } from '../src/stream/annotate/annotator.js';
import type { Input } from '../src/ingest/sources/frame-source.js';
import { buildPanningFace } from './panning-face.js';
import { openStockChain } from './stock-face-api.js';
import { markdownTable, median } from './table.js';

const { values: flags } = parseArgs({
  options: {
    input: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    write: { type: 'boolean', default: false },
  },
});
const WIDTH = 640;

interface Contender {
  readonly name: string;
  /** Runs over the whole input; returns the number of frames in which a face was named. */
  run(input: Input): Promise<{ frames: number; withFace: number }>;
  readonly rates: number[];
}

const scratch = await mkdtemp(join(tmpdir(), 'ferstream-bench-'));
try {
  const path = flags.input ?? (await buildPanningFace(join(scratch, 'face.mp4')));
  const input = (await expandInputs([path])).inputs[0]!;
  await openBackend({ backend: 'wasm' });
  const contenders = [await stock()];
  // With stock face-api's own network first: like with like.
  for (const [model, flipTta] of [
    ['face-api', true],
    ['default', true],
    ['default', false],
  ] as const) {
    for (const detectEvery of [1, 5]) contenders.push(await ours(detectEvery, model, flipTta));
  }
  let last: { frames: number; withFace: number }[] = [];
  for (const contender of contenders) await contender.run(input); // warm-up
  for (let round = 0; round < Number(flags.rounds); round += 1) {
    last = [];
    for (const contender of contenders) {
      const began = performance.now();
      const counts = await contender.run(input);
      contender.rates.push((counts.frames * 1000) / (performance.now() - began));
      last.push(counts);
    }
  }
  const [reference] = contenders;
  const rows = contenders.map(({ name, rates }, index) => {
    const ratios = rates.map((rate, round) => rate / reference!.rates[round]!);
    const { frames, withFace } = last[index]!;
    return [name, median(rates).toFixed(1), median(ratios).toFixed(2), `${withFace}/${frames}`];
  });
  const table = markdownTable(['chain', 'frames/s (median)', 'times stock (median)', 'frames with a face'], rows);
  console.log(table);
  if (flags.write) await writeFile(new URL('annotate.md', import.meta.url), report(table));
} finally {
  await rm(scratch, { recursive: true, force: true });
}

async function stock(): Promise<Contender> {
  const annotate = await openStockChain();
  return {
    name: 'stock face-api, every frame',
    rates: [],
    async run(input) {
      const source = await openSource(input, { width: WIDTH, rgb: true });
      let frames = 0;
      let withFace = 0;
      for await (const frame of source.frames()) {
        frames += 1;
        if ((await annotate(frame)) > 0) withFace += 1;
      }
      return { frames, withFace };
    },
  };
}

async function ours(detectEvery: number, model: 'face-api' | 'default', flipTta: boolean): Promise<Contender> {
  const annotator = await Annotator.open({ backend: 'wasm', model, flipTta, detectEvery, width: WIDTH });
  const network =
    model === 'face-api' ? 'with the same network' : `with our own model${flipTta ? '' : ' by one side of the face'}`;
  return {
    name: `ferstream ${network}, detecting every ${detectEvery === 1 ? 'frame' : `${detectEvery}th frame`}`,
    rates: [],
    async run(input) {
      let frames = 0;
      let withFace = 0;
      for await (const { faces } of await annotator.annotate(input)) {
        frames += 1;
        if (faces.length > 0) withFace += 1;
      }
      return { frames, withFace };
    },
  };
}

function report(table: string): string {
  return `# Annotation speed

Made by \`npm run bench:annotate -- --rounds ${flags.rounds} --write\` on ${new Date().toISOString().slice(0, 10)}, Node ${process.version}, 2 cores, wasm
(one thread), 640x480, one face. Each chain decodes the same file; the chains take turns, and the ratio is taken round by round.

${table}
`;
}
