import { existsSync } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { alignFace } from '../src/ingest/face/align/align-face.js';
import { faceQuality, eyeDistance } from '../src/ingest/face/align/face-quality.js';
import { facePatch } from '../src/ingest/face/align/face-patch.js';
import type { Point } from '../src/ingest/face/align/geometry.js';
import type { Frame } from '../src/ingest/frame.js';
import { priorAdapter } from '../src/model/class-prior.js';
import { DEFAULT_MODEL } from '../src/model/expression-model.js';
import { ClipWindow } from '../src/stream/pipeline/clip-window.js';
import { FacePipeline } from '../src/stream/pipeline/face-pipeline.js';
import { appearanceOf, measureFace } from '../src/stream/pipeline/face-measures.js';
import type { FaceResult } from '../src/stream/pipeline/frame-result.js';
import { loadNetworks } from '../src/stream/pipeline/networks.js';
import { parsePipelineOptions } from '../src/stream/pipeline/pipeline-settings.js';
import type { Appearance } from '../src/stream/pipeline/visibility.js';
import { openDataset } from '../src/train/index.js';
import { RUINED, covered, degrade } from './degrade-face.js';
import type { Degradation } from './degrade-face.js';
import { fitTrust, fitVisibility } from './trust-regression.js';

/**
 * Fits what trust.ts and visibility.ts count on to the default model: which faces have covered eyes or mouths, and how likely a label is right, from
 * labelled photographs as they are and degraded. Half of the people are fitted on, the other half judge. `--write` replaces the weights in src.
 *
 *   npm run bench:trust-fit -- --data expressions-in-the-wild:DIR --split train --data ferplus:DIR --split valid [--faces 400] [--write]
 *
 * What was measured of the faces is kept in `--cache FILE`: a run that was stopped continues there, and a fit can be repeated within seconds.
 */
const { values: flags } = parseArgs({
  options: {
    data: { type: 'string', multiple: true, default: [] },
    split: { type: 'string', multiple: true, default: [] },
    faces: { type: 'string', default: '400' },
    cache: { type: 'string', default: '/tmp/ferstream-trust.jsonl' },
    model: { type: 'string', default: DEFAULT_MODEL },
    backend: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});

/** One face as it was seen, with what the model said of it. */
export interface SeenFace {
  readonly data: string;
  readonly id: string;
  /** Even: fitted on, odd: judged on. */
  readonly person: number;
  readonly how: Degradation | 'as it is';
  readonly truth: string;
  readonly face: Omit<FaceResult, 'landmarks'>;
  readonly appearance: Appearance;
}

/** Areas seen and covered, of one face. */
export interface CoveredFace {
  readonly data: string;
  readonly id: string;
  readonly person: number;
  readonly eyes: { readonly visible: number[][]; readonly covered: number[][] };
  readonly mouth: { readonly visible: number[][]; readonly covered: number[][] };
}

const seen: SeenFace[] = [];
const areas: CoveredFace[] = [];
const done = new Set<string>();
if (existsSync(flags.cache)) {
  for (const line of (await readFile(flags.cache, 'utf8')).split('\n').filter((text) => text.endsWith('}'))) {
    const record = JSON.parse(line) as { kind: 'seen' | 'areas' | 'done' } & SeenFace & CoveredFace;
    if (record.kind === 'seen') seen.push(record);
    else if (record.kind === 'areas') areas.push(record);
    else done.add(`${record.data} ${record.id}`);
  }
}
await measure();
const visibility = fitVisibility(areas);
const trust = fitTrust(seen, visibility.weights);
console.log([...visibility.report, '', ...trust.report].join('\n'));
if (flags.write) {
  const pipeline = new URL('../src/stream/pipeline/', import.meta.url);
  await writeFile(new URL('visibility-weights.ts', pipeline), visibility.source);
  await writeFile(new URL('trust-weights.ts', pipeline), trust.source);
  console.log(
    '\nsrc/stream/pipeline/visibility-weights.ts and trust-weights.ts are new; run prettier and the tests of trust',
  );
}

/** Looks at all faces that the cache lacks. */
async function measure(): Promise<void> {
  const count = Number(flags.faces);
  const settings = parsePipelineOptions({
    model: flags.model,
    smoothing: 0,
    rotate: 0,
    ...(flags.backend === undefined ? {} : { backend: flags.backend as 'wasm' }),
  });
  let networks: Awaited<ReturnType<typeof loadNetworks>> | null = null;
  const faceIn = async (frame: Frame): Promise<FaceResult | null> => {
    networks ??= await loadNetworks(settings);
    const pipeline = new FacePipeline(networks, { ...settings, causal: true });
    const results = [...(await pipeline.push(frame)), ...(await pipeline.flush())];
    await pipeline.dispose();
    return results[0]?.faces.toSorted((a, b) => b.box.width - a.box.width)[0] ?? null;
  };
  const faceAt = async (frame: Frame, landmarks: readonly Point[]): Promise<FaceResult> => {
    const { model } = networks!;
    const patch = facePatch(frame, landmarks);
    const quality = faceQuality(landmarks, patch);
    const window = new ClipWindow(model, {
      causal: true,
      smoothing: 0,
      prior: priorAdapter(model, settings.prior),
      trust: {},
    });
    const [features] = await model.encode([alignFace(frame, landmarks, model.crop)]);
    const box = { x: 0, y: 0, width: frame.width, height: frame.height };
    const tracked = {
      trackId: 1,
      box,
      score: 1,
      evidence: 'detected' as const,
      landmarks,
      quality,
      tracklet: 1,
      tentative: false,
      provisional: false,
    };
    const { data: _, ...info } = frame;
    const face = { face: { ...tracked, ...measureFace(patch, landmarks) }, features: features! };
    const results = await window.push({ ...info, faces: [face] });
    return results[0]!.faces[0]!;
  };
  for (const [k, data] of flags.data.entries()) {
    const split = flags.split[k] ?? 'train';
    if (split === 'test') throw new Error('fit on other faces than those of the test split');
    const { samples } = await openDataset(data, { split: split as 'train' });
    const name = data.split(':')[0]!;
    for (const { id, path, label, subject } of balanced(samples, count)) {
      if (done.has(`${name} ${id}`)) continue;
      const random = seededRandom(`${name} ${id}`);
      // Not the lowest bit: the parts of data sets are often divided by it.
      const person = (hash(subject ?? id) >>> 16) % 2;
      const frame = await readFrame(path);
      const face = await faceIn(frame);
      const records: object[] = [];
      if (face !== null) {
        const { landmarks } = face;
        const areaRecord = areasOf(frame, landmarks, random);
        areas.push({ data: name, id, person, ...areaRecord });
        records.push({ kind: 'areas', ...areas.at(-1)! });
        const note = (how: SeenFace['how'], picture: Frame, { landmarks: points, ...rest }: FaceResult): void => {
          seen.push({
            data: name,
            id,
            person,
            how,
            truth: label!,
            face: rest,
            appearance: plain(appearanceOf(facePatch(picture, points))),
          });
          records.push({ kind: 'seen', ...seen.at(-1)! });
        };
        note('as it is', frame, face);
        // One way of ruining each face, and now and then a mild one: more faces say more than more ways.
        const ways = [RUINED[Math.floor(random() * RUINED.length)]!, ...(random() < 0.4 ? (['soft'] as const) : [])];
        for (const how of ways) {
          const worse = await degrade({ frame, landmarks }, how, random);
          // Landmarks are found less exactly there.
          const reach = 0.08 * eyeDistance(worse.landmarks);
          const off = worse.landmarks.map(({ x, y }) => ({
            x: x + (random() - 0.5) * reach,
            y: y + (random() - 0.5) * reach,
          }));
          note(how, worse.frame, await faceAt(worse.frame, off));
        }
      }
      records.push({ kind: 'done', data: name, id });
      await appendFile(flags.cache, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    }
  }
}

/** As many of each label as there are, up to an equal share, then the rest by chance of their order. */
function balanced<
  S extends { readonly id: string; readonly kind: string; readonly label: string | null; readonly contested?: true },
>(samples: readonly S[], count: number): S[] {
  const usable = samples
    .filter(({ kind, label, contested }) => kind === 'image' && label !== null && contested !== true)
    .sort((a, b) => hash(a.id) - hash(b.id));
  const labels = [...new Set(usable.map(({ label }) => label))];
  const least = labels.flatMap((label) =>
    usable.filter((one) => one.label === label).slice(0, Math.ceil(count / 2 / labels.length)),
  );
  const rest = usable.filter((one) => !least.includes(one)).slice(0, count - least.length);
  // Mixed, so that a stopped run has all kinds.
  return [...least, ...rest].sort((a, b) => hash(`${a.id} order`) - hash(`${b.id} order`));
}

async function readFrame(path: string): Promise<Frame> {
  const { width, height } = await sharp(path).metadata();
  // Crops as narrow as FER's: larger, with a margin for the detector.
  const isTiny = Math.max(width, height) < 100;
  const picture = sharp(path).toColourspace('srgb').removeAlpha();
  const large = isTiny
    ? sharp(await picture.resize(144).png().toBuffer()).extend({
        top: 40,
        bottom: 40,
        left: 40,
        right: 40,
        extendWith: 'mirror',
      })
    : picture;
  const { data, info } = await large.toColourspace('srgb').removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const rgb = info.channels === 3 ? data : Buffer.from(Array.from(data, (value) => [value, value, value]).flat());
  return { index: 0, timestamp: 0, width: info.width, height: info.height, data: rgb };
}

function areasOf(frame: Frame, landmarks: readonly Point[], random: () => number): Pick<CoveredFace, 'eyes' | 'mouth'> {
  const features = (picture: Frame, what: 'eyes' | 'mouth'): number[] => {
    // Landmarks are a little off, and more so where something covers the face.
    const shift = landmarks.map(({ x, y }) => ({ x: x + (random() - 0.5) * 3, y: y + (random() - 0.5) * 3 }));
    const { texture, contrast, colour } = plain(appearanceOf(facePatch(picture, shift)))[what];
    return [...texture, contrast, colour];
  };
  const of = (what: 'eyes' | 'mouth') => ({
    visible: [
      features(frame, what),
      features(covered(frame, landmarks, what === 'eyes' ? 'mouth' : 'eyes', random), what),
    ],
    covered: [0, 1].map(() => features(covered(frame, landmarks, what, random), what)),
  });
  return { eyes: of('eyes'), mouth: of('mouth') };
}

/** With numbers that JSON keeps. */
function plain({ eyes, mouth }: Appearance): Appearance {
  const round = (area: Appearance['eyes']): Appearance['eyes'] => ({
    texture: Array.from(area.texture, (value) => Math.round(value * 1e4) / 1e4) as unknown as Float32Array,
    contrast: area.contrast,
    colour: area.colour,
  });
  return { eyes: round(eyes), mouth: round(mouth) };
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}

function seededRandom(seed: string): () => number {
  let state = hash(seed);
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
