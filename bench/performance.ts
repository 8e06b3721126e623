/**
 * One table of all that annotating costs: each step and the whole path, on wasm and onnxruntime, beside the stock face-api chain in the same
 * run, for 1, 9 and 25 faces. Contenders take turns; medians, and ratios round by round.
 *
 *   npm run bench [-- --rounds 5 --frames 100 --write]
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { windowOfLandmarks } from '../src/ingest/face/align/face-window.js';
import { FaceFollower } from '../src/ingest/face/face-follower.js';
import type { TrackedFace } from '../src/ingest/face/track/tracked-face.js';
import { findFfmpeg } from '../src/ingest/ffmpeg/binaries.js';
import type { Frame } from '../src/ingest/frame.js';
import { expandInputs } from '../src/ingest/sources/expand-inputs.js';
import type { Input } from '../src/ingest/sources/frame-source.js';
import { openSource } from '../src/ingest/sources/open-source.js';
import type { BackendName } from '../src/model/engines/backend.js';
import { isOnnxRuntimeInstalled } from '../src/model/engines/onnxruntime.js';
import { openBackend } from '../src/model/engines/open-backend.js';
import { Annotator } from '../src/stream/annotate/annotator.js';
import { localEncoder } from '../src/stream/pipeline/face-encoder.js';
import { loadNetworks } from '../src/stream/pipeline/networks.js';
import { parsePipelineOptions } from '../src/stream/pipeline/pipeline-settings.js';
import { buildFaceGrid } from './face-grid.js';
import { buildPanningFace } from './panning-face.js';
import { openStockChain } from './stock-face-api.js';
import { markdownTable, median } from './table.js';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    frames: { type: 'string', default: '100' },
    write: { type: 'boolean', default: false },
  },
});
const FRAMES = Number(flags.frames);
const FPS = 25;

interface Contender {
  readonly clip: string;
  readonly step: string;
  readonly engine: string;
  /** Milliseconds per frame over the clip; faces found, where that is part of it. */
  run(): Promise<{ perFrame: number; faces: number | null }>;
  readonly times: number[];
  faces: number | null;
}

const loaded = new Map<string, Promise<unknown>>();
const scratch = await mkdtemp(join(tmpdir(), 'ferstream-bench-'));
try {
  // Opened first, so that `auto` is not what decides.
  await openBackend({ backend: 'wasm' });
  const stock = await openStockChain();
  const clips: [string, string][] = [
    ['640x480, 1 face', await buildPanningFace(join(scratch, 'one.mp4'), { seconds: FRAMES / FPS })],
  ];
  for (const faces of [1, 9, 25])
    clips.push([
      `720p, ${faces} ${faces === 1 ? 'face' : 'faces'}`,
      await buildFaceGrid(join(scratch, `${faces}.mp4`), faces, FRAMES),
    ]);

  const engines: BackendName[] = isOnnxRuntimeInstalled() ? ['wasm', 'onnxruntime'] : ['wasm'];
  const contenders: Contender[] = [];
  for (const [clip, path] of clips) {
    const input = (await expandInputs([path])).inputs[0]!;
    const add = (step: string, engine: string, run: Contender['run']): void => {
      contenders.push({ clip, step, engine, run, times: [], faces: null });
    };
    add('stock face-api, every frame', 'wasm', () => overFrames(input, stock));
    add('decode', 'ffmpeg', () => overFrames(input, () => Promise.resolve(null)));
    for (const engine of engines) {
      await addSteps(input, engine, (step, run) => {
        add(step, engine, run);
      });
    }
  }
  for (const contender of contenders) await contender.run(); // warm-up
  for (let round = 0; round < Number(flags.rounds); round += 1) {
    for (const contender of contenders) {
      const { perFrame, faces } = await contender.run();
      contender.times.push(perFrame);
      contender.faces = faces;
    }
  }
  const table = tableOf(contenders);
  console.log(table);
  if (flags.write) await writeFile(new URL('../docs/performance.md', import.meta.url), await report(table));
} finally {
  await rm(scratch, { recursive: true, force: true });
}
// Worker threads of the annotators would keep it alive.
process.exit();

/** Loads what all clips share once. */
function once<T>(name: string, load: () => Promise<T>): Promise<T> {
  if (!loaded.has(name)) loaded.set(name, load());
  return loaded.get(name) as Promise<T>;
}

/** Networks by themselves on frames in memory, then the whole path. */
async function addSteps(
  input: Input,
  backend: BackendName,
  add: (step: string, run: Contender['run']) => void,
): Promise<void> {
  const networks = await once(`networks ${backend}`, () => loadNetworks(parsePipelineOptions({ backend })));
  const seen: { frame: Frame; faces: TrackedFace[] }[] = [];
  const follower = new FaceFollower(networks.faces);
  for await (const frame of (await openSource(input)).frames()) {
    seen.push({ frame, faces: await follower.update(frame) });
    if (seen.length >= 20) break;
  }
  const each = (work: (frame: Frame, faces: readonly TrackedFace[]) => Promise<unknown>) => async () => {
    const began = performance.now();
    for (const { frame, faces } of seen) await work(frame, faces);
    return { perFrame: (performance.now() - began) / seen.length, faces: null };
  };
  add(
    'detect',
    each((frame) => networks.faces.detector.detect(frame)),
  );
  add(
    'landmarks',
    each((frame, faces) => {
      const windows = faces.map(({ landmarks }) => windowOfLandmarks(landmarks));
      return networks.faces.landmarks.locate(frame, windows);
    }),
  );
  const encoder = localEncoder(networks.model);
  add(
    'align, encode and measure',
    each((frame, faces) => {
      const landmarks = faces.map((face) => face.landmarks);
      return encoder.encode(frame, landmarks);
    }),
  );
  for (const [name, options] of [
    ['whole path, detecting every frame, one thread', { detectEvery: 1, workers: 0 }],
    ['whole path, one thread', { workers: 0 }],
    ['whole path', {}],
  ] as const) {
    const annotator = await once(`${name} ${backend}`, () => Annotator.open({ backend, ...options }));
    add(name, async () => {
      const began = performance.now();
      let [frames, faces] = [0, 0];
      for await (const result of await annotator.annotate(input)) {
        frames += 1;
        faces += result.faces.length;
      }
      return { perFrame: (performance.now() - began) / frames, faces: faces / frames };
    });
  }
}

async function overFrames(
  input: Input,
  work: (frame: Frame) => Promise<number | null>,
): Promise<{ perFrame: number; faces: number | null }> {
  const began = performance.now();
  let frames = 0;
  let faces: number | null = null;
  for await (const frame of (await openSource(input)).frames()) {
    frames += 1;
    const found = await work(frame);
    if (found !== null) faces = (faces ?? 0) + found;
  }
  return { perFrame: (performance.now() - began) / frames, faces: faces === null ? null : faces / frames };
}

function tableOf(contenders: readonly Contender[]): string {
  const rows = contenders.map(({ clip, step, engine, times, faces }) => {
    const reference = contenders.find((other) => other.clip === clip)!;
    const time = median(times);
    const ratio = median(times.map((one, round) => reference.times[round]! / one));
    const spread = `${Math.min(...times).toFixed(1)}-${Math.max(...times).toFixed(1)}`;
    const found = faces === null ? '' : faces.toFixed(1);
    return [clip, step, engine, time.toFixed(1), spread, (1000 / time).toFixed(1), ratio.toFixed(2), found];
  });
  return markdownTable(
    ['clip', 'step', 'engine', 'ms/frame', 'spread', 'frames/s', 'times stock', 'faces per frame'],
    rows,
  );
}

async function report(table: string): Promise<string> {
  const machine = `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.version}, ${(await findFfmpeg()).version}`;
  return `# Performance

What annotating costs, by step, engine and number of faces. Made by \`npm run bench -- --rounds ${flags.rounds} --frames ${flags.frames} --write\` on
${new Date().toISOString().slice(0, 10)}: ${machine}. Contenders take turns on the same clips; medians, and the ratio to the stock face-api chain
(TinyFaceDetector 320, 68 landmarks, expressions, every frame) of the same round. "Whole path" runs from the file to results with the defaults:
\`--detect-every auto\`, worker threads. Landmarks and encoding are for all faces of a frame.

${table}
`;
}
