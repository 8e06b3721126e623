import { createReadStream, existsSync } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { alignFace, facePatch } from '../src/ingest/face/align/align-face.js';
import { eyeDistance, faceQuality } from '../src/ingest/face/align/face-quality.js';
import type { FacePatch } from '../src/ingest/face/align/align-face.js';
import { meanPoint } from '../src/ingest/face/align/geometry.js';
import type { Point } from '../src/ingest/face/align/geometry.js';
import type { Frame } from '../src/ingest/frame.js';
import { priorAdapter } from '../src/model/class-prior.js';
import { DEFAULT_MODEL } from '../src/model/expression-model.js';
import { ClipWindow } from '../src/stream/pipeline/clip-window.js';
import { FacePipeline } from '../src/stream/pipeline/face-pipeline.js';
import { measureFace } from '../src/stream/pipeline/face-measures.js';
import type { FaceResult, FrameResult } from '../src/stream/pipeline/frame-result.js';
import { loadNetworks } from '../src/stream/pipeline/networks.js';
import { parsePipelineOptions } from '../src/stream/pipeline/pipeline-settings.js';
import { openDataset } from '../src/train/index.js';
import { RUINED, covered, degrade, turnHead } from './degrade-face.js';
import type { Degradation, FaceInFrame } from './degrade-face.js';
import { fitTrust, fitVisibility } from './trust-regression.js';

/**
 * Fits what trust.ts and visibility.ts count on to the default model: which faces have covered eyes or mouths, which are turned away, and how likely
 * a label is right, from labelled photographs as they are and degraded. Those of `train` are fitted on, those of other splits judge. `--write`
 * replaces the weights in src.
 *
 *   npm run bench:trust-fit -- --data expressions-in-the-wild:DIR --split train --data ferplus:DIR --split train \\
 *     --data ferplus:DIR --split valid [--faces 400] [--write]
 *
 * What was seen of the faces is kept in `--cache FILE`: a run that was stopped continues there, and a fit can be repeated within a minute.
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
  readonly kind: 'seen';
  readonly data: string;
  readonly id: string;
  readonly split: string;
  readonly how: Degradation | 'as it is';
  readonly truth: string;
  /** Degrees by which the head was turned. */
  readonly yaw: number;
  readonly face: Pick<FaceResult, 'probabilities' | 'label' | 'ambiguity' | 'quality'>;
  /** x, y of each of the 68 points. */
  readonly landmarks: readonly number[];
  readonly patch: string;
}

/** Patches of one face whose areas are visible and covered. */
export interface CoveredFace {
  readonly kind: 'areas';
  readonly data: string;
  readonly id: string;
  readonly split: string;
  readonly eyes: { readonly visible: string[]; readonly covered: string[] };
  readonly mouth: { readonly visible: string[]; readonly covered: string[] };
}

const seen: SeenFace[] = [];
const areas: CoveredFace[] = [];
const done = new Set<string>();
if (existsSync(flags.cache)) {
  for await (const line of createInterface(createReadStream(flags.cache))) {
    if (!line.endsWith('}')) continue;
    const record = JSON.parse(line) as SeenFace | CoveredFace | { kind: 'done'; data: string; id: string };
    if (record.kind === 'seen') seen.push(record);
    else if (record.kind === 'areas') areas.push(record);
    else done.add(`${record.data} ${record.id}`);
  }
}
await measure();
const visibility = fitVisibility(areas, seen);
const trust = fitTrust(seen, visibility.weights);
console.log([...visibility.report, '', ...trust.report].join('\n'));
if (flags.write) {
  const pipeline = new URL('../src/stream/pipeline/', import.meta.url);
  await writeFile(new URL('trust-weights.ts', pipeline), `${trust.source}\n${visibility.source}`);
  console.log('\nsrc/stream/pipeline/trust-weights.ts is new; run prettier and the tests of trust');
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
  /** The largest face of the last frame. */
  const faceIn = async (...frames: readonly Frame[]): Promise<FaceResult | null> => {
    networks ??= await loadNetworks(settings);
    const pipeline = new FacePipeline(networks, { ...settings, causal: true });
    const results: FrameResult[] = [];
    for (const [index, frame] of frames.entries()) {
      results.push(...(await pipeline.push({ ...frame, index, timestamp: index / 25 })));
    }
    results.push(...(await pipeline.flush()));
    await pipeline.dispose();
    const faces = results.at(-1)?.faces.filter(({ evidence }) => evidence !== 'coasted') ?? [];
    return faces.toSorted((a, b) => b.box.width - a.box.width)[0] ?? null;
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
    const { samples } = await openDataset(data, { split: split as 'train' });
    const name = `${data.split(':')[0]!} ${split}`;
    for (const { id, path, label } of balanced(samples, count)) {
      if (done.has(`${name} ${id}`)) continue;
      const random = seededRandom(`${name} ${id}`);
      const frame = await readFrame(path);
      const face = await faceIn(frame);
      const records: object[] = [];
      if (face !== null) {
        const { landmarks } = face;
        const areaRecord: CoveredFace = { kind: 'areas', data: name, id, split, ...areasOf(frame, landmarks, random) };
        areas.push(areaRecord);
        records.push(areaRecord);
        const note = (how: SeenFace['how'], { frame: picture, yaw = 0 }: FaceInFrame, found: FaceResult): void => {
          const { probabilities, ambiguity, quality } = found;
          const record: SeenFace = {
            kind: 'seen',
            data: name,
            id,
            split,
            how,
            truth: label!,
            yaw: Math.round(yaw),
            face: { probabilities, label: found.label, ambiguity, quality },
            landmarks: found.landmarks.flatMap(({ x, y }) => [Math.round(x * 10) / 10, Math.round(y * 10) / 10]),
            patch: packed(facePatch(picture, found.landmarks)),
          };
          seen.push(record);
          records.push(record);
        };
        note('as it is', { frame, landmarks }, face);
        // One way of ruining each face, and now and then a mild one: more faces say more than more ways.
        const others = RUINED.filter((how) => how !== 'turned');
        const ways: Degradation[] = [others[Math.floor(random() * others.length)]!];
        if (random() < 0.6) ways.push(random() < 0.5 ? 'soft' : 'aside');
        if (random() < 0.5) ways.push('turned');
        for (const how of ways) {
          const worse = await degrade({ frame, landmarks }, how, random);
          const found = await (how === 'turned'
            ? faceIn(frame, ...turning({ frame, landmarks }, worse.yaw ?? 0, random), worse.frame)
            : faceIn(worse.frame));
          if (found !== null) note(how, worse, found);
          else if (how !== 'turned') {
            // In footage it is followed there from easier frames; landmarks are less exact.
            const reach = 0.08 * eyeDistance(worse.landmarks);
            const off = worse.landmarks.map(({ x, y }) => ({
              x: x + (random() - 0.5) * reach,
              y: y + (random() - 0.5) * reach,
            }));
            note(how, worse, await faceAt(worse.frame, off));
          }
        }
      }
      records.push({ kind: 'done', data: name, id });
      await appendFile(flags.cache, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    }
  }
}

/** A head on its way: profiles are mostly faces that were followed there. */
function turning(face: FaceInFrame, yaw: number, random: () => number): Frame[] {
  const count = 3 + Math.floor(random() * 3);
  return Array.from({ length: count }, (_, i) => turnHead(face, (yaw * (i + 1)) / (count + 1), random).frame);
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
  // Crops as narrow as FER's: larger, with a margin for the detector and for noses in profile (a mirrored one would show parts of other faces).
  const side = Math.max(width, height);
  const picture = sharp(path).toColourspace('srgb').removeAlpha();
  const margin = side < 100 ? 56 : side < 200 ? Math.round(side * 0.4) : 0;
  const large =
    margin > 0
      ? sharp(await (side < 100 ? picture.resize(144) : picture).png().toBuffer()).extend({
          top: margin,
          bottom: margin,
          left: margin,
          right: margin,
          extendWith: 'copy',
        })
      : picture;
  const { data, info } = await large.toColourspace('srgb').removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const rgb = info.channels === 3 ? data : Buffer.from(Array.from(data, (value) => [value, value, value]).flat());
  return { index: 0, timestamp: 0, width: info.width, height: info.height, data: rgb };
}

function areasOf(frame: Frame, landmarks: readonly Point[], random: () => number): Pick<CoveredFace, 'eyes' | 'mouth'> {
  // Landmarks are a little off, and far more so where something covers the face.
  const patchOf = (picture: Frame, error: number): string => {
    const eyes = eyeDistance(landmarks);
    const off = (): number => (random() - 0.5) * 2 * error;
    const { x: cx, y: cy } = meanPoint(landmarks);
    const [dx, dy, wide, high, angle] = [off() * eyes, off() * eyes, 1 + off(), 1 + off(), off()];
    const shift = landmarks.map(({ x, y }) => {
      const [a, b] = [(x - cx) * wide, (y - cy) * high];
      return {
        x: cx + dx + a * Math.cos(angle) - b * Math.sin(angle),
        y: cy + dy + a * Math.sin(angle) + b * Math.cos(angle),
      };
    });
    return packed(facePatch(picture, shift));
  };
  const of = (what: 'eyes' | 'mouth') => ({
    visible: [
      patchOf(frame, 0.04),
      patchOf(covered(frame, landmarks, what === 'eyes' ? 'mouth' : 'eyes', random), 0.1),
    ],
    covered: [0.06, 0.12, 0.25].map((error) => patchOf(covered(frame, landmarks, what, random), error)),
  });
  return { eyes: of('eyes'), mouth: of('mouth') };
}

function packed({ rgb }: FacePatch): string {
  return Buffer.from(Uint8Array.from(rgb, (value) => Math.max(0, Math.min(255, Math.round(value))))).toString('base64');
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
