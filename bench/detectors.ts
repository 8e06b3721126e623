/**
 * Which detector finds most faces and invents fewest: share of frames with a face in which one is found, false faces, and
 * time a frame, for each detector alone (on its own threshold for a new face) and in FaceFollower, which verifies faces.
 * Beside the clips as they are, harder versions: a fifth of the light, a quarter of the size, turned by 30 degrees.
 *
 *   npx tsx bench/detectors.ts [--media ../shared/media] [--step 12] [--follow 24] [--write]
 */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { FaceFollower } from '../src/ingest/face/face-follower.js';
import { loadFaceNets } from '../src/ingest/face/face-nets.js';
import { expandInputs } from '../src/ingest/sources/expand-inputs.js';
import { openSource } from '../src/ingest/sources/open-source.js';
import { openBackend } from '../src/model/engines/open-backend.js';
import type { DetectorName } from '../src/ingest/face/detect/detector.js';
import type { FaceNets } from '../src/ingest/face/face-nets.js';
import type { Frame } from '../src/ingest/frame.js';
import { markdownTable, median } from './table.js';

const { values: flags } = parseArgs({
  options: {
    media: { type: 'string', default: new URL('../../shared/media', import.meta.url).pathname },
    step: { type: 'string', default: '12' },
    follow: { type: 'string', default: '24' },
    write: { type: 'boolean', default: false },
  },
});
const DETECTORS: readonly DetectorName[] = ['blazeface', 'tiny', 'ssd'];
/** Every frame of these shows exactly one face. */
const FACE_CLIPS = ['d0.mp4', 'd10.mp4', 'd13.mp4', 'd18.mp4', 'd20.mp4', 's32.mp4', 'single_face.mp4'];
/** No frame of this one shows any. */
const EMPTY_CLIP = 'no_face.mp4';
const WIDTH = 640;

const VERSIONS: Readonly<Record<string, (frame: Frame) => Frame>> = {
  plain: (frame) => frame,
  dark: (frame) => ({ ...frame, data: frame.data.map((value) => value / 5) }),
  small: shrink,
  turned: turn,
};

interface Score {
  readonly recall: Record<string, number>;
  falseFaces: number;
  readonly times: number[];
}

if (!existsSync(flags.media)) {
  console.error(`no footage at ${flags.media}: name a folder with --media`);
  process.exit(1);
}
await openBackend({ backend: 'wasm' });
const sampled = new Map<string, Frame[]>();
const consecutive = new Map<string, Frame[]>();
for (const clip of [...FACE_CLIPS, EMPTY_CLIP]) {
  const frames = await decode(`${flags.media}/${clip}`);
  sampled.set(
    clip,
    frames.filter((_, i) => i % Number(flags.step) === 0),
  );
  consecutive.set(clip, frames.slice(-Number(flags.follow)));
}
const rows: string[][] = [];
for (const name of DETECTORS) {
  const nets = await loadFaceNets({ detector: name });
  rows.push(row(`${name}, alone`, await measure(sampled, (frames) => alone(nets, frames))));
  rows.push(row(`${name}, followed`, await measure(consecutive, (frames) => followed(nets, frames))));
  nets.dispose();
}
const table = markdownTable(
  ['detector', ...Object.keys(VERSIONS).map((version) => `found, ${version}`), 'false faces a frame', 'ms a frame'],
  rows,
);
console.log(table);
if (flags.write) await writeFile(new URL('detectors.md', import.meta.url), report(table));

async function decode(path: string): Promise<Frame[]> {
  const { inputs } = await expandInputs([path]);
  const source = await openSource(inputs[0]!, { width: WIDTH, rgb: true });
  const frames: Frame[] = [];
  for await (const frame of source.frames()) frames.push(frame);
  return frames;
}

/** Number of faces in each frame. */
type Count = (frames: readonly Frame[]) => Promise<{ faces: number; ms: number }[]>;

async function measure(clips: ReadonlyMap<string, readonly Frame[]>, count: Count): Promise<Score> {
  const score: Score = { recall: {}, falseFaces: 0, times: [] };
  for (const [version, change] of Object.entries(VERSIONS)) {
    let found = 0;
    let shown = 0;
    for (const clip of FACE_CLIPS) {
      const counts = await count(clips.get(clip)!.map(change));
      found += counts.filter(({ faces }) => faces > 0).length;
      shown += counts.length;
      if (version === 'plain') score.times.push(...counts.map(({ ms }) => ms));
    }
    score.recall[version] = found / shown;
  }
  const empty = await count(clips.get(EMPTY_CLIP)!);
  score.falseFaces = empty.reduce((sum, { faces }) => sum + faces, 0) / empty.length;
  return score;
}

async function alone({ detector }: FaceNets, frames: readonly Frame[]): Promise<{ faces: number; ms: number }[]> {
  const counts = [];
  for (const frame of frames) {
    const began = performance.now();
    const detections = await detector.detect(frame, { smallest: 20 });
    counts.push({
      faces: detections.filter(({ score }) => score >= detector.scores.high).length,
      ms: performance.now() - began,
    });
  }
  return counts;
}

async function followed(nets: FaceNets, frames: readonly Frame[]): Promise<{ faces: number; ms: number }[]> {
  const follower = new FaceFollower(nets);
  const counts = [];
  for (const frame of frames) {
    const began = performance.now();
    const faces = await follower.update(frame);
    counts.push({ faces: faces.filter(({ tentative }) => !tentative).length, ms: performance.now() - began });
  }
  follower.dispose();
  return counts;
}

/** The picture at a quarter of its size in the middle of a grey one. */
function shrink(frame: Frame): Frame {
  const { width, height } = frame;
  const data = new Uint8Array(frame.data.length).fill(128);
  const left = Math.round((width * 3) / 8);
  const top = Math.round((height * 3) / 8);
  for (let y = 0; y < Math.floor(height / 4); y++) {
    for (let x = 0; x < Math.floor(width / 4); x++) {
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let k = 0; k < 16; k++) sum += frame.data[((4 * y + (k >> 2)) * width + 4 * x + (k & 3)) * 3 + c]!;
        data[((top + y) * width + left + x) * 3 + c] = sum / 16;
      }
    }
  }
  return { ...frame, data };
}

/** The picture turned by 30 degrees about its middle. */
function turn(frame: Frame): Frame {
  const { width, height } = frame;
  const data = new Uint8Array(frame.data.length);
  const [cos, sin] = [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const fromX = Math.round(width / 2 + cos * (x - width / 2) + sin * (y - height / 2));
      const fromY = Math.round(height / 2 - sin * (x - width / 2) + cos * (y - height / 2));
      if (fromX < 0 || fromY < 0 || fromX >= width || fromY >= height) continue;
      const from = (fromY * width + fromX) * 3;
      data.set(frame.data.subarray(from, from + 3), (y * width + x) * 3);
    }
  }
  return { ...frame, data };
}

function row(name: string, { recall, falseFaces, times }: Score): string[] {
  return [
    name,
    ...Object.keys(VERSIONS).map((version) => recall[version]!.toFixed(2)),
    falseFaces.toFixed(2),
    median(times).toFixed(0),
  ];
}

function report(table: string): string {
  return `# Detectors compared

Made by \`npx tsx bench/detectors.ts --step ${flags.step} --follow ${flags.follow} --write\` on ${new Date().toISOString().slice(0, 10)}, Node ${process.version}, wasm, one thread, pictures ${WIDTH} pixels wide.
${FACE_CLIPS.length} film and phone clips with one face in every frame, one clip without any (a cartoon title). "alone": the detector on every ${flags.step}th frame,
at its threshold for new faces. "followed": confirmed faces of FaceFollower, detecting on each of the last ${flags.follow} frames. "dark": a fifth of the light; "small": a quarter of the size;
"turned": by 30 degrees.

${table}

BlazeFace is the default. Alone it also finds faces in the letters of a title; verification removes them.
`;
}
