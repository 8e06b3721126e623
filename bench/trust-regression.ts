import { toGrey } from '../src/ingest/face/align/align-face.js';
import type { Point } from '../src/ingest/face/align/geometry.js';
import { appearanceOf } from '../src/stream/pipeline/face-measures.js';
import {
  DEGREES_PER_UNIT,
  areaInputs,
  headInputs,
  perceptron,
  visibilityOf,
} from '../src/stream/pipeline/visibility.js';
import type {
  Appearance,
  PerceptronWeights,
  Visibility,
  VisibilityWeights,
} from '../src/stream/pipeline/visibility.js';
import type { CoveredFace, SeenFace } from './trust-fit.js';
import { LIMITS } from '../src/stream/pipeline/trust.js';
import { RUINED } from './degrade-face.js';
import { markdownTable } from './table.js';

// Fits the numbers of trust-weights.ts; see trust-fit.ts.

const HIDDEN = 16;
/** Least share of right labels among the faces that are sure, on the faces fitted on. */
const WANTED = 0.965;
/** Largest share of ruined faces that may be sure, for each way of ruining. */
const RUINED_SURE = 0.05;

/** The face of a patch in the cache. */
export function appearanceOfPatch(patch: string, landmarks: readonly number[]): Appearance {
  const rgb = Float32Array.from(Buffer.from(patch, 'base64'));
  const points: Point[] = Array.from({ length: 68 }, (_, i) => ({
    x: landmarks[2 * i] ?? 0,
    y: landmarks[2 * i + 1] ?? 0,
  }));
  return appearanceOf({ rgb, grey: toGrey(rgb) }, points);
}

/** Both ways round: the face as it is and mirrored. */
interface AreaExample {
  readonly x: readonly number[];
  readonly target: number;
}

export function fitVisibility(
  faces: readonly CoveredFace[],
  seen: readonly SeenFace[],
): { weights: VisibilityWeights; report: string[]; source: string } {
  const isFitted = ({ split }: { readonly split: string }): boolean => split === 'train';
  const groups = [
    ['fitted', isFitted],
    ['others', (one: { readonly split: string }) => !isFitted(one)],
  ] as const;
  const rows: string[][] = [];
  const fitArea = (what: 'eyes' | 'mouth'): PerceptronWeights => {
    const examplesOf = (patch: string, target: number): AreaExample[] => {
      const area = appearanceOfPatch(patch, [])[what];
      const side = what === 'eyes' ? 12 : 8;
      const texture = area.texture.map((_, i) => area.texture[i - (i % side) + side - 1 - (i % side)]!);
      return [area, { ...area, texture }].map((one) => ({ x: areaInputs(one), target }));
    };
    const examples = (belongs: (one: { readonly split: string }) => boolean): AreaExample[] => [
      ...faces
        .filter(belongs)
        .flatMap((face) =>
          (['covered', 'visible'] as const).flatMap((state, target) =>
            face[what][state].flatMap((patch) => examplesOf(patch, target)),
          ),
        ),
      // With the landmarks that are found on such a face.
      ...seen.filter(belongs).flatMap(({ how, patch }) => {
        if (how === 'masked' || how === 'barred') {
          return examplesOf(patch, Number((how === 'barred') !== (what === 'eyes')));
        }
        return VISIBLE.includes(how) ? examplesOf(patch, 1) : [];
      }),
    ];
    const weights = train(examples(isFitted), 'cross-entropy');
    for (const [name, belongs] of groups) {
      const all = examples(belongs);
      const below = (target: number): string => {
        const those = all.filter((example) => example.target === target);
        return percent(those.filter(({ x }) => perceptron(x, weights) < 0).length, those.length);
      };
      rows.push([what, name, String(all.length / 2), below(0), below(1)]);
    }
    return weights;
  };
  const heads = seen
    .filter(({ how }) => HEADS.includes(how))
    .map((one) => ({ one, head: appearanceOfPatch(one.patch, one.landmarks).head }));
  const yaw = train(
    heads
      .filter(({ one }) => isFitted(one))
      .flatMap(({ one, head }) =>
        headInputs(head).map((x, k) => ({ x, target: (k === 0 ? one.yaw : -one.yaw) / DEGREES_PER_UNIT })),
      ),
    'squares',
  );
  const weights = { eyes: fitArea('eyes'), mouth: fitArea('mouth'), yaw };
  const yaws = groups.flatMap(([name, belongs]) =>
    BINS.map(([least, most]) => {
      const those = heads.filter(({ one }) => belongs(one) && Math.abs(one.yaw) >= least && Math.abs(one.yaw) < most);
      const found = those.map(({ one }) => {
        const { yaw: degrees } = visibilityOf(appearanceOfPatch(one.patch, one.landmarks), weights);
        return one.yaw < 0 ? -degrees : degrees;
      });
      const before = those.map(({ one }) => (one.yaw < 0 ? -one.face.quality.yaw : one.face.quality.yaw));
      return [name, `${least} to ${most}`, String(those.length), quantiles(found), quantiles(before)];
    }),
  );
  const report = [
    markdownTable(['area', 'faces', 'count', 'covered called covered', 'visible called covered'], rows),
    '',
    markdownTable(['faces', 'turned by', 'count', 'yaw: 5, 50, 95 %', 'by landmarks alone'], yaws),
  ];
  const source = `// prettier-ignore\nexport const VISIBILITY_WEIGHTS = ${JSON.stringify(weights)};\n`;
  return { weights, report, source };
}

/** Faces whose eyes and mouths can be seen. */
const VISIBLE: readonly SeenFace['how'][] = ['as it is', 'soft', 'aside'];
/** Faces whose yaw is known up to that of the photograph. */
const HEADS: readonly SeenFace['how'][] = ['as it is', 'soft', 'aside', 'turned'];
/** Degrees. */
const BINS = [
  [0, 1],
  [1, 20],
  [20, 41],
  [50, 60],
  [60, 90],
] as const;

const HEADER = '// Written by bench/trust-fit.ts; do not edit.\n';

function quantiles(values: number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  return [0.05, 0.5, 0.95].map((q) => Math.round(sorted[Math.floor(q * sorted.length)] ?? NaN)).join(', ');
}

function percent(part: number, of: number): string {
  return of === 0 ? '–' : `${((100 * part) / of).toFixed(1)} % of ${of}`;
}

/** One hidden layer, Adam with weight decay. Targets 0 and 1 for cross-entropy, any number for squares. */
function train(examples: readonly AreaExample[], loss: 'cross-entropy' | 'squares'): PerceptronWeights {
  const inputs = examples[0]!.x.length;
  const random = seeded(7);
  const size = HIDDEN * (inputs + 1) + HIDDEN + 1;
  const w = Float64Array.from({ length: size }, () => (random() - 0.5) * 0.6);
  const [m, v] = [new Float64Array(size), new Float64Array(size)];
  const order = examples.map((_, i) => i);
  const BATCH = 32;
  const steps = Math.max(3000, Math.ceil((EPOCHS * examples.length) / BATCH));
  for (let step = 1, at = 0; step <= steps; step++) {
    const gradient = new Float64Array(size);
    for (let b = 0; b < BATCH; b++) {
      if (at === 0) shuffle(order, random);
      const { x, target } = examples[order[at]!]!;
      at = (at + 1) % order.length;
      const hidden = new Float64Array(HIDDEN);
      for (let h = 0; h < HIDDEN; h++) {
        let sum = w[h * (inputs + 1) + inputs]!;
        for (let i = 0; i < inputs; i++) sum += w[h * (inputs + 1) + i]! * x[i]!;
        hidden[h] = Math.tanh(sum);
      }
      const out = HIDDEN * (inputs + 1);
      let score = w[out + HIDDEN]!;
      for (let h = 0; h < HIDDEN; h++) score += w[out + h]! * hidden[h]!;
      const error = (loss === 'squares' ? score : 1 / (1 + Math.exp(-score))) - target;
      gradient[out + HIDDEN]! += error;
      for (let h = 0; h < HIDDEN; h++) {
        gradient[out + h]! += error * hidden[h]!;
        const back = error * w[out + h]! * (1 - hidden[h]! ** 2);
        for (let i = 0; i < inputs; i++) gradient[h * (inputs + 1) + i]! += back * x[i]!;
        gradient[h * (inputs + 1) + inputs]! += back;
      }
    }
    const rate = 0.01 * (1 - step / (steps + 1));
    for (let k = 0; k < size; k++) {
      const g = gradient[k]! / BATCH + DECAY * w[k]!;
      m[k] = 0.9 * m[k]! + 0.1 * g;
      v[k] = 0.999 * v[k]! + 0.001 * g * g;
      w[k]! -= (rate * (m[k]! / (1 - 0.9 ** step))) / (Math.sqrt(v[k]! / (1 - 0.999 ** step)) + 1e-8);
    }
  }
  const round = (value: number): number => Math.round(value * 100) / 100 + 0;
  return {
    hidden: Array.from({ length: HIDDEN }, (_, h) =>
      Array.from(w.slice(h * (inputs + 1), (h + 1) * (inputs + 1)), round),
    ),
    output: Array.from(w.slice(HIDDEN * (inputs + 1)), round),
  };
}

const EPOCHS = 40;
const DECAY = 5e-4;

const FEATURES = ['logit', 'ambiguity', 'blur', 'yaw', 'pitch', 'eyesCovered', 'mouthCovered'] as const;

interface Example {
  readonly seen: SeenFace;
  readonly visibility: Visibility;
  readonly x: readonly number[];
  readonly isRight: boolean;
}

export function fitTrust(
  seen: readonly SeenFace[],
  visibility: VisibilityWeights,
): { report: string[]; source: string } {
  const examples = seen.map((one) => exampleOf(one, visibility));
  const fit = examples.filter(({ seen: { split } }) => split === 'train');
  const check = examples.filter(({ seen: { split } }) => split !== 'train');
  const fitted = fitLimits(fit);
  const { limits, weights, sure } = fitted;
  const report = [
    `turned away from ${limits.yaw} degrees, covered below ${limits.visible}, sure from ${sure.toFixed(2)}, fitted on ${fit.length} faces, judged on ${check.length} others`,
    '',
    markdownTable(
      ['faces', 'count', 'right', 'unusable', 'sure', 'right of sure', 'not sure'],
      [...new Set(check.map(({ seen: { data } }) => data)), null].flatMap((data) =>
        (['as it is', 'soft', 'aside', ...RUINED, 'ruined'] as const).map((how) =>
          row(
            `${data ?? 'all'}, ${how}`,
            check.filter(
              ({ seen: one }) =>
                (data === null || one.data === data) &&
                (how === 'ruined' ? RUINED.includes(one.how as never) : one.how === how),
            ),
            fitted,
          ),
        ),
      ),
    ),
  ];
  const named = Object.fromEntries(
    ['bias', ...FEATURES].map((name, k) => [name, Math.round(weights[k]! * 100) / 100 + 0]),
  );
  const source = [
    HEADER,
    '/** Degrees of yaw beyond which a face is turned away. */',
    `export const TURNED_AWAY = ${limits.yaw};`,
    '',
    '/** Visibility below which eyes or mouth are covered. */',
    `export const COVERED = ${limits.visible};`,
    '',
    '/** Certainty from which a face is "sure". */',
    `export const SURE = ${sure.toFixed(2)};`,
    '',
    '/** Weights of the logistic regression in trust.ts. */',
    `export const TRUST_WEIGHTS = ${JSON.stringify(named)} as const;`,
    '',
  ].join('\n');
  return { report, source };
}

function exampleOf(seen: SeenFace, weights: VisibilityWeights): Example {
  const { face, truth } = seen;
  const visibility = visibilityOf(appearanceOfPatch(seen.patch, seen.landmarks), weights);
  const { quality } = face;
  const p = Math.min(0.999, Math.max(0.001, face.probabilities[face.label]!));
  const x = [
    1,
    Math.log(p / (1 - p)),
    face.ambiguity,
    1 - quality.sharpness,
    Math.abs(visibility.yaw) / 45,
    Math.abs(quality.pitch) / 45,
    1 - visibility.eyesVisible,
    1 - visibility.mouthVisible,
  ];
  return { seen, visibility, x, isRight: face.label === truth };
}

interface Limits {
  readonly yaw: number;
  readonly visible: number;
}

function isUnusable({ seen: { face }, visibility }: Example, { yaw, visible }: Limits): boolean {
  return (
    face.quality.size < LIMITS.size ||
    face.quality.sharpness < LIMITS.sharpness ||
    Math.abs(visibility.yaw) > yaw ||
    Math.abs(face.quality.pitch) > LIMITS.pitch ||
    Math.min(visibility.eyesVisible, visibility.mouthVisible) < visible
  );
}

interface Fitted {
  readonly limits: Limits;
  readonly weights: Float64Array;
  readonly sure: number;
}

/**
 * The limits with which most photographs are sure while few ruined faces are, each way of ruining by itself: the easy ones do not make up for the
 * hard ones.
 */
function fitLimits(fit: readonly Example[]): Fitted {
  const shareOf = (how: string, belongs: (example: Example) => boolean): number => {
    const those = fit.filter(({ seen: one }) => one.how === how);
    return those.filter(belongs).length / Math.max(1, those.length);
  };
  let best: { readonly fitted: Fitted; readonly share: number; readonly worst: number } | null = null;
  for (const yaw of YAW_LIMITS) {
    for (const visible of VISIBLE_LIMITS) {
      const limits = { yaw, visible };
      const usable = fit.filter((example) => !isUnusable(example, limits));
      const weights = logistic(usable);
      const sure = sureLimit(usable, weights);
      const isSure = (example: Example): boolean =>
        !isUnusable(example, limits) && certainty(example.x, weights) >= sure;
      const worst = Math.max(RUINED_SURE, ...RUINED.map((how) => shareOf(how, isSure)));
      const share = shareOf('as it is', isSure);
      if (best === null || worst < best.worst || (worst === best.worst && share > best.share)) {
        best = { fitted: { limits, weights, sure }, share, worst };
      }
    }
  }
  return best!.fitted;
}

const YAW_LIMITS = [24, 28, 32, 36, 40, 44];
const VISIBLE_LIMITS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6];

/** Signs are fixed: a clearer lead raises certainty, everything else lowers it or has no effect. */
function logistic(examples: readonly Example[]): Float64Array {
  const size = FEATURES.length + 1;
  const w = new Float64Array(size);
  for (let step = 0; step < 1500; step++) {
    const gradient = new Float64Array(size);
    for (const { x, isRight } of examples) {
      const error = certainty(x, w) - Number(isRight);
      for (let k = 0; k < size; k++) gradient[k]! += (error * x[k]!) / examples.length;
    }
    for (let k = 0; k < size; k++) {
      w[k]! -= 0.5 * (gradient[k]! + (k === 0 ? 0 : 1e-3 * w[k]!));
      if (k === 1) w[k] = Math.max(0.05, w[k]!);
      else if (k > 1) w[k] = Math.min(-0.05, w[k]!);
    }
  }
  return w;
}

function certainty(x: readonly number[], w: Float64Array): number {
  return 1 / (1 + Math.exp(-x.reduce((sum, value, k) => sum + value * w[k]!, 0)));
}

/** The lowest certainty from which this share of usable faces has the right label. */
function sureLimit(usable: readonly Example[], w: Float64Array): number {
  for (let limit = 0.5; limit < 0.97; limit += 0.01) {
    const sure = usable.filter(({ x }) => certainty(x, w) >= limit);
    if (sure.filter(({ isRight }) => isRight).length >= WANTED * sure.length) return limit;
  }
  return 0.97;
}

function row(name: string, examples: readonly Example[], { limits, weights, sure: limit }: Fitted): string[] {
  const share = (part: number, of = examples.length): string =>
    of === 0 ? '–' : `${((100 * part) / of).toFixed(0)} %`;
  const usable = examples.filter((example) => !isUnusable(example, limits));
  const sure = usable.filter(({ x }) => certainty(x, weights) >= limit);
  return [
    name,
    String(examples.length),
    share(examples.filter(({ isRight }) => isRight).length),
    share(examples.length - usable.length),
    share(sure.length),
    share(sure.filter(({ isRight }) => isRight).length, sure.length),
    share(examples.length - sure.length),
  ];
}

function shuffle(order: number[], random: () => number): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
}

function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
