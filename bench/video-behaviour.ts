import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { alignFace } from '../src/ingest/face/align/align-face.js';
import { FaceFollower } from '../src/ingest/face/face-follower.js';
import { loadFaceNets } from '../src/ingest/face/face-nets.js';
import { openImages } from '../src/ingest/sources/image-source.js';
import { expandInputs } from '../src/ingest/sources/expand-inputs.js';
import { openSource } from '../src/ingest/sources/open-source.js';
import { openBackend } from '../src/model/engines/open-backend.js';
import { openModel } from '../src/model/heads/open-model.js';
import { DEFAULT_MODEL } from '../src/model/expression-model.js';
import { ClipWindow } from '../src/stream/pipeline/clip-window.js';
import type { FaceNets } from '../src/ingest/face/face-nets.js';
import type { TrackedFace } from '../src/ingest/face/track/track.js';
import type { Frame } from '../src/ingest/frame.js';
import type { FaceCrop } from '../src/model/crop-geometry.js';
import type { BackendName } from '../src/model/engines/backend.js';
import type { ExpressionModel } from '../src/model/expression-model.js';
import type { ClipWindowOptions } from '../src/stream/pipeline/clip-window.js';
import type { FrameObservation, FrameResult } from '../src/stream/pipeline/frame-result.js';
import { wholeCrop } from '../src/train/data/preprocess/crop-image.js';
import { SeededRandom, openDataset } from '../src/train/index.js';
import { shift } from '../src/train/augment/pixel.js';
import { shareOf, switches, timeToShow } from './label-behaviour.js';
import type { Said } from './label-behaviour.js';
import { markdownTable, median } from './table.js';

/**
 * How a model behaves over time, beside face-api's, for recorded footage (sees what comes after a frame) and live (does not):
 * how often the label of a face changes from one frame to the next in real footage, how long a change of expression takes to show, and whether a still neutral
 * face that jitters stays neutral. "raw" is without averaging over time.
 *
 *   npm run bench:video-behaviour -- [--model runs/mine/best] [--media ../shared/media] [--data ferplus:DIR] [--smoothing SECONDS] [--backend NAME]
 */

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string', multiple: true, default: [DEFAULT_MODEL] },
    media: { type: 'string', default: new URL('../../shared/media', import.meta.url).pathname },
    data: { type: 'string' },
    split: { type: 'string', default: 'valid' },
    smoothing: { type: 'string', default: '0.1' },
    backend: { type: 'string' },
  },
});
/** Trust is not looked at. */
const MEASURES = { yaw: 0, pitch: 0, mouthOpening: 0, eyeOpening: 0.3, eyesVisible: 1, mouthVisible: 1 };
/** Footage is looked at in this width. */
const WIDTH = 640;
/** Pairs of pictures that a sequence cuts between, and neutral pictures. */
const PAIRS = 64;
const STILLS = 100;
/** Seconds of each picture before and after a cut, and of a still one. */
const HALF = 1.5;
const STILL = 3;
/** What a change may take. Seconds. */
const PROMPT = 0.3;

const smoothing = Number(flags.smoothing);
const WAYS: readonly (readonly [string, ClipWindowOptions])[] = [
  ['recorded', { smoothing }],
  ['recorded, raw', { smoothing: 0 }],
  ['live', { causal: true, smoothing }],
  ['live, raw', { causal: true, smoothing: 0 }],
];

const { description } = await openBackend({ backend: flags.backend as BackendName | undefined });
const names = [...new Set([...flags.model, 'face-api'])];
/** A model as footage is annotated with it, and as live pictures are: live, only one side of the face is looked at. */
interface Seats {
  readonly recorded: ExpressionModel;
  readonly live: ExpressionModel;
}
const models = await Promise.all(
  names.map(async (name): Promise<Seats> => ({
    recorded: await openModel(name),
    live: await openModel(name, { flipTta: false }),
  })),
);
console.log(`${description}; posteriors averaged over ${smoothing} s, raw ones not`);

if (existsSync(flags.media)) {
  console.log(
    `\nChanges of label a second, from one frame to the next (all faces of a video together)\n\n${await footageTable(flags.media)}`,
  );
} else {
  console.warn(`SKIPPED: changes of label in real footage, there is none at ${flags.media} (--media)`);
}
if (flags.data === undefined) {
  console.warn('SKIPPED: time until a change shows, and neutral faces: no pictures were named (--data ferplus:DIR)');
} else {
  const pictures = await readPictures(flags.data);
  const header = ['model', ...WAYS.map(([way]) => way)];
  for (const rate of [25, 30]) {
    console.log(
      `\nFrom a cut between two expressions to the new label, ${rate} frames a second: median / worst in seconds, share within ${PROMPT} s\n\n${markdownTable(header, await tableRows((seats) => cuts(seats, pictures, rate)))}`,
    );
  }
  console.log(
    `\nStill neutral faces that jitter: share of frames called neutral, changes of label a second\n\n${markdownTable(header, await tableRows((seats) => neutral(seats, pictures)))}`,
  );
}
for (const { recorded, live } of models) {
  recorded.dispose();
  live.dispose();
}

/** One row a model, one cell a way. */
async function tableRows(cells: (seats: Seats) => Promise<string[]>): Promise<string[][]> {
  const rows: string[][] = [];
  for (const [i, seats] of models.entries()) rows.push([names[i]!, ...(await cells(seats))]);
  return rows;
}

async function footageTable(folder: string): Promise<string> {
  const nets = await loadFaceNets();
  const videos = (await readdir(folder))
    .filter((file) => /\.(mp4|mov)$/.test(file))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const rows: string[][] = [];
  const totals = models.map(() => WAYS.map(() => ({ count: 0, seconds: 0 })));
  let all = 0;
  for (const video of videos) {
    const observed = await observe(join(folder, video), nets);
    const cells: string[] = [];
    let followed = 0;
    for (const [m, seats] of models.entries()) {
      for (const [w, [, options]] of WAYS.entries()) {
        const seat = seatOf(options);
        const faces = await answer(seats[seat], observed[m]![seat], options);
        const counted = faces.map(switches);
        const [count, seconds] = [
          counted.reduce((sum, one) => sum + one.count, 0),
          counted.reduce((sum, one) => sum + one.seconds, 0),
        ];
        const total = totals[m]![w]!;
        total.count += count;
        total.seconds += seconds;
        followed = Math.max(followed, seconds);
        cells.push(seconds === 0 ? '' : (count / seconds).toFixed(2));
      }
    }
    all += followed;
    if (followed > 0) rows.push([basename(video), followed.toFixed(1), ...cells]);
  }
  nets.dispose();
  rows.push(['all', all.toFixed(1), ...totals.flat().map(({ count, seconds }) => (count / seconds).toFixed(2))]);
  return markdownTable(
    ['video', 'seconds of a face', ...names.flatMap((name) => WAYS.map(([way]) => `${name}, ${way}`))],
    rows,
  );
}

/** For each model, what it encodes of the faces in each frame: faces are found and followed once. */
async function observe(path: string, nets: FaceNets): Promise<Record<keyof Seats, FrameObservation[]>[]> {
  const { inputs } = await expandInputs([path]);
  const source = await openSource(inputs[0]!, { width: WIDTH });
  const follower = new FaceFollower(nets);
  const observed = models.map(() => ({ recorded: [] as FrameObservation[], live: [] as FrameObservation[] }));
  for await (const frame of source.frames()) {
    const faces = await follower.update(frame);
    for (const [m, seats] of models.entries()) {
      const features = await encode(
        seats,
        faces.map(({ landmarks }) => alignFace(frame, landmarks, seats.recorded.crop)),
      );
      for (const seat of ['recorded', 'live'] as const) {
        observed[m]![seat].push(
          observation(
            frame,
            faces.map((face, i) => ({ face: { ...face, ...MEASURES }, features: features[seat][i]! })),
          ),
        );
      }
    }
  }
  follower.dispose();
  return observed;
}

function seatOf({ causal }: ClipWindowOptions): keyof Seats {
  return causal === true ? 'live' : 'recorded';
}

/** What is said of each face, frame by frame. */
async function answer(
  model: ExpressionModel,
  observations: readonly FrameObservation[],
  options: ClipWindowOptions,
): Promise<Said[][]> {
  const window = new ClipWindow(model, options);
  const results: FrameResult[] = [];
  for (const observed of observations) results.push(...(await window.push(observed)));
  results.push(...(await window.flush()));
  const faces = new Map<number, Said[]>();
  for (const { timestamp, faces: seen } of results) {
    for (const { trackId, label } of seen) {
      const said = faces.get(trackId) ?? [];
      said.push({ timestamp, label });
      faces.set(trackId, said);
    }
  }
  return [...faces.values()];
}

interface Labelled {
  readonly picture: Frame;
  readonly label: string;
}

/** As many pictures of every class as there are, and are needed, in an order drawn by seed. */
async function readPictures(location: string): Promise<Labelled[]> {
  const { samples } = await openDataset(location, { split: flags.split as 'train' | 'valid' | 'test' });
  const taken = new Map<string, number>();
  const pictures: Labelled[] = [];
  for (const { path, label, kind } of new SeededRandom(1).shuffle(samples)) {
    const count = taken.get(label ?? '') ?? 0;
    if (label === null || kind !== 'image' || count >= 2 * STILLS) continue;
    taken.set(label, count + 1);
    for await (const picture of (await openImages(path)).frames()) pictures.push({ picture, label });
  }
  return pictures;
}

/** Features of each crop, in either seat. */
async function encode(
  { recorded, live }: Seats,
  crops: readonly FaceCrop[],
): Promise<Record<keyof Seats, Float32Array[]>> {
  return { recorded: await recorded.encode(crops), live: await live.encode(crops) };
}

/** Whole pictures as a model wants its crops. */
async function cropsOf(pictures: readonly Frame[], { recorded: { crop: geometry } }: Seats): Promise<FaceCrop[]> {
  return Promise.all(
    pictures.map(async (picture) => ({ geometry, data: Float32Array.from(await wholeCrop(picture, geometry)) })),
  );
}

/** The sequence of one face that is surely there in every frame. */
function sequence(features: readonly Float32Array[], rate: number): FrameObservation[] {
  const quality = { size: 20, sharpness: 1, yaw: 0, roll: 0, overall: 1 };
  const face: Omit<TrackedFace, 'patch'> = {
    trackId: 1,
    tracklet: 1,
    box: { x: 0, y: 0, width: 48, height: 48 },
    score: 1,
    landmarks: [],
    quality,
    evidence: 'detected',
    tentative: false,
    provisional: false,
  };
  return features.map((row, index) =>
    observation({ index, timestamp: index / rate, width: 48, height: 48 }, [
      { face: { ...face, ...MEASURES }, features: row },
    ]),
  );
}

/** What the model says in the end when it has seen nothing but this picture. */
async function alone(
  model: ExpressionModel,
  features: Float32Array,
  rate: number,
  options: ClipWindowOptions,
): Promise<string> {
  const [said] = await answer(
    model,
    sequence(Array<Float32Array>(Math.round(HALF * rate)).fill(features), rate),
    options,
  );
  return said!.at(-1)!.label;
}

/** Cuts between pictures of different expressions, as far as the model tells them apart when each is alone. */
async function cuts(seats: Seats, pictures: readonly Labelled[], rate: number): Promise<string[]> {
  const encoded = await encode(
    seats,
    await cropsOf(
      pictures.map(({ picture }) => picture),
      seats,
    ),
  );
  const half = Math.round(HALF * rate);
  const cells: string[] = [];
  for (const [, options] of WAYS) {
    const [model, features] = [seats[seatOf(options)], encoded[seatOf(options)]];
    const random = new SeededRandom(2);
    const delays: number[] = [];
    let never = 0;
    let tried = 0;
    while (delays.length + never < PAIRS && (tried += 1) < 20 * PAIRS) {
      const [a, b] = [random.int(pictures.length), random.int(pictures.length)];
      if (pictures[a]!.label === pictures[b]!.label) continue;
      const [before, after] = [
        await alone(model, features[a]!, rate, options),
        await alone(model, features[b]!, rate, options),
      ];
      if (before === after) continue;
      const seen = Array.from({ length: 2 * half }, (_, t) => features[t < half ? a : b]!);
      const [said] = await answer(model, sequence(seen, rate), options);
      const delay = timeToShow(said!, half / rate, after);
      if (delay === null) never += 1;
      else delays.push(delay);
    }
    const worst = delays.reduce((most, delay) => (Math.abs(delay) > Math.abs(most) ? delay : most), 0);
    const prompt = delays.filter((delay) => Math.abs(delay) < PROMPT).length / (delays.length + never);
    cells.push(
      `${median(delays).toFixed(2)} / ${never > 0 ? `never (${never})` : worst.toFixed(2)}, ${(100 * prompt).toFixed(0)} % of ${delays.length + never}`,
    );
  }
  return cells;
}

/** Neutral pictures that the model calls neutral, held still but for a jitter of a pixel, of light and of noise. */
async function neutral(seats: Seats, pictures: readonly Labelled[]): Promise<string[]> {
  const rate = 25;
  const still = pictures.filter(({ label }) => label === 'neutral').map(({ picture }) => picture);
  const alike = await seats.recorded.encode(await cropsOf(still, seats));
  const shares: number[][] = WAYS.map(() => []);
  const changes: number[][] = WAYS.map(() => []);
  for (const [i, picture] of still.entries()) {
    if (shares[0]!.length >= STILLS || (await alone(seats.recorded, alike[i]!, rate, { smoothing: 0 })) !== 'neutral')
      continue;
    const random = new SeededRandom(100 + i);
    const jittered = await encode(
      seats,
      await cropsOf(
        Array.from({ length: STILL * rate }, () => jitter(picture, random)),
        seats,
      ),
    );
    for (const [w, [, options]] of WAYS.entries()) {
      const [said] = await answer(seats[seatOf(options)], sequence(jittered[seatOf(options)], rate), options);
      const { count, seconds } = switches(said!);
      shares[w]!.push(shareOf(said!, 'neutral'));
      changes[w]!.push(count / seconds);
    }
  }
  return WAYS.map((_, w) => `${(100 * mean(shares[w]!)).toFixed(1)} %, ${mean(changes[w]!).toFixed(2)}`);
}

function jitter(picture: Frame, random: SeededRandom): Frame {
  const { width, height } = picture;
  const step = (): number => random.int(3) - 1;
  const light = 0.95 + 0.1 * random.next();
  const { data } = shift({ data: Float32Array.from(picture.data), width, height, channels: 3 }, step(), step());
  const grain = Float32Array.from({ length: width * height }, () => 4 * random.normal());
  return {
    ...picture,
    data: Uint8Array.from(data, (value, i) =>
      Math.min(255, Math.max(0, Math.round(light * value + grain[Math.floor(i / 3)]!))),
    ),
  };
}

function observation(
  { index, timestamp, width, height }: Pick<Frame, 'index' | 'timestamp' | 'width' | 'height'>,
  faces: FrameObservation['faces'],
): FrameObservation {
  return { index, timestamp, width, height, faces };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
