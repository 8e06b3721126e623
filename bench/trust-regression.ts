import type { Appearance, AreaAppearance } from '../src/stream/pipeline/visibility.js';
import type { CoveredFace, SeenFace } from './trust-fit.js';
import { LIMITS } from '../src/stream/pipeline/trust.js';
import { RUINED } from './degrade-face.js';
import { markdownTable } from './table.js';

// Fits the numbers of trust-weights.ts and visibility-weights.ts; see trust-fit.ts.

const HIDDEN = 8;
/** Least share of right labels among the faces that are sure, on the faces fitted on. */
const WANTED = 0.93;

/** One hidden layer: [hidden][inputs + 1] with the bias last, then [hidden + 1]. */
export interface AreaWeights {
  readonly hidden: readonly (readonly number[])[];
  readonly output: readonly number[];
}

export interface VisibilityWeights {
  readonly eyes: AreaWeights;
  readonly mouth: AreaWeights;
}

export function fitVisibility(faces: readonly CoveredFace[]): {
  weights: VisibilityWeights;
  report: string[];
  source: string;
} {
  const rows: string[][] = [];
  const fit = (what: 'eyes' | 'mouth'): AreaWeights => {
    const examples = (half: number): { x: readonly number[]; isVisible: boolean }[] =>
      faces
        .filter(({ person }) => person === half)
        .flatMap((face) => [
          ...face[what].visible.map((x) => ({ x, isVisible: true })),
          ...face[what].covered.map((x) => ({ x, isVisible: false })),
        ]);
    const weights = trainArea(examples(0));
    for (const [name, half] of [
      ['fitted', 0],
      ['other people', 1],
    ] as const) {
      const all = examples(half);
      const below = (isVisible: boolean): string => {
        const those = all.filter((example) => example.isVisible === isVisible);
        const count = those.filter(({ x }) => visibleOf(x, weights) < 0.5).length;
        return `${((100 * count) / Math.max(1, those.length)).toFixed(1)} % of ${those.length}`;
      };
      rows.push([what, name, below(false), below(true)]);
    }
    // All people count for the weights in use.
    return trainArea([...examples(0), ...examples(1)]);
  };
  const weights = { eyes: fit('eyes'), mouth: fit('mouth') };
  const report = [markdownTable(['area', 'people', 'covered called covered', 'visible called covered'], rows)];
  const text = JSON.stringify(weights);
  const source = `${HEADER}\n// prettier-ignore\nexport const VISIBILITY_WEIGHTS = ${text};\n`;
  return { weights, report, source };
}

const HEADER = '// Written by bench/trust-fit.ts; do not edit.\n';

/** Adam on the cross-entropy, with weight decay; both classes count alike. */
function trainArea(examples: readonly { readonly x: readonly number[]; readonly isVisible: boolean }[]): AreaWeights {
  const inputs = examples[0]!.x.length;
  const random = seeded(7);
  const size = HIDDEN * (inputs + 1) + HIDDEN + 1;
  const w = Float64Array.from({ length: size }, () => (random() - 0.5) * 0.6);
  const [m, v] = [new Float64Array(size), new Float64Array(size)];
  const order = examples.map((_, i) => i);
  const steps = Math.max(3000, 12 * examples.length);
  const BATCH = 16;
  for (let step = 1, at = 0; step <= steps / 4; step++) {
    const gradient = new Float64Array(size);
    for (let b = 0; b < BATCH; b++) {
      if (at === 0) shuffle(order, random);
      const { x, isVisible } = examples[order[at]!]!;
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
      const error = 1 / (1 + Math.exp(-score)) - Number(isVisible);
      gradient[out + HIDDEN]! += error;
      for (let h = 0; h < HIDDEN; h++) {
        gradient[out + h]! += error * hidden[h]!;
        const back = error * w[out + h]! * (1 - hidden[h]! ** 2);
        for (let i = 0; i < inputs; i++) gradient[h * (inputs + 1) + i]! += back * x[i]!;
        gradient[h * (inputs + 1) + inputs]! += back;
      }
    }
    const rate = 0.01 * (1 - step / (steps / 4 + 1));
    for (let k = 0; k < size; k++) {
      const g = gradient[k]! / BATCH + 2e-3 * w[k]!;
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

function visibleOf(x: readonly number[], { hidden, output }: AreaWeights): number {
  let score = output.at(-1)!;
  for (const [h, weights] of hidden.entries()) {
    let sum = weights.at(-1)!;
    for (const [i, value] of x.entries()) sum += weights[i]! * value;
    score += output[h]! * Math.tanh(sum);
  }
  return 1 / (1 + Math.exp(-score));
}

function areaVisible({ texture, contrast, colour }: AreaAppearance, weights: AreaWeights): number {
  return visibleOf([...texture, contrast, colour], weights);
}

const FEATURES = ['logit', 'ambiguity', 'blur', 'yaw', 'pitch', 'eyesCovered', 'mouthCovered'] as const;

interface Example {
  readonly seen: SeenFace;
  readonly x: readonly number[];
  readonly isRight: boolean;
  readonly isUnusable: boolean;
}

export function fitTrust(
  seen: readonly SeenFace[],
  visibility: VisibilityWeights,
): { report: string[]; source: string } {
  const examples = seen.map((one) => exampleOf(one, visibility));
  const fit = examples.filter(({ seen: { person } }) => person === 0);
  const check = examples.filter(({ seen: { person } }) => person === 1);
  const half = logistic(fit.filter(({ isUnusable }) => !isUnusable));
  const limit = sureLimit(fit, half);
  const report = [
    `sure from ${limit.toFixed(2)}, fitted on ${fit.length} faces, judged on ${check.length} of other people`,
    '',
    markdownTable(
      ['faces', 'count', 'right', 'unusable', 'sure', 'right of sure', 'not sure'],
      [...new Set(check.map(({ seen: { data } }) => data)), null].flatMap((data) =>
        (['as it is', 'soft', ...RUINED, 'ruined'] as const).map((how) =>
          row(
            `${data ?? 'all'}, ${how}`,
            check.filter(
              ({ seen: one }) =>
                (data === null || one.data === data) &&
                (how === 'ruined' ? RUINED.includes(one.how as never) : one.how === how),
            ),
            half,
            limit,
          ),
        ),
      ),
    ),
  ];
  const all = logistic(examples.filter(({ isUnusable }) => !isUnusable));
  const sure = sureLimit(examples, all);
  const named = Object.fromEntries(['bias', ...FEATURES].map((name, k) => [name, Math.round(all[k]! * 100) / 100 + 0]));
  const source = `${HEADER}\n/** Certainty from which a face is "sure". */\nexport const SURE = ${sure.toFixed(2)};\n\n/** Of the logistic regression in trust.ts. */\nexport const TRUST_WEIGHTS = ${JSON.stringify(named)} as const;\n`;
  return { report, source };
}

function exampleOf(seen: SeenFace, weights: VisibilityWeights): Example {
  const { face, appearance, truth } = seen;
  const { eyes, mouth } = visibilityWith(appearance, weights);
  const { quality } = face;
  const p = Math.min(0.999, Math.max(0.001, face.probabilities[face.label]!));
  const x = [
    1,
    Math.log(p / (1 - p)),
    face.ambiguity,
    1 - quality.sharpness,
    Math.abs(quality.yaw) / 45,
    Math.abs(quality.pitch) / 45,
    1 - eyes,
    1 - mouth,
  ];
  const isUnusable =
    quality.size < LIMITS.size ||
    quality.sharpness < LIMITS.sharpness ||
    Math.abs(quality.yaw) > LIMITS.yaw ||
    Math.abs(quality.pitch) > LIMITS.pitch ||
    Math.min(eyes, mouth) < LIMITS.visible;
  return { seen, x, isRight: face.label === truth, isUnusable };
}

function visibilityWith({ eyes, mouth }: Appearance, weights: VisibilityWeights): { eyes: number; mouth: number } {
  return { eyes: areaVisible(eyes, weights.eyes), mouth: areaVisible(mouth, weights.mouth) };
}

/** Signs are fixed: a clearer lead raises certainty, everything else lowers it or has no effect. */
function logistic(examples: readonly Example[]): Float64Array {
  const size = FEATURES.length + 1;
  const w = new Float64Array(size);
  for (let step = 0; step < 4000; step++) {
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

/** The lowest certainty from which this share of usable faces has the right label, also at each higher certainty. */
function sureLimit(examples: readonly Example[], w: Float64Array): number {
  const usable = examples.filter(({ isUnusable }) => !isUnusable);
  for (let limit = 0.5; limit < 0.97; limit += 0.01) {
    const sure = usable.filter(({ x }) => certainty(x, w) >= limit);
    const ruined = sure.filter(({ seen }) => RUINED.includes(seen.how as never)).length;
    const ofRuined = examples.filter(({ seen }) => RUINED.includes(seen.how as never)).length;
    const right = sure.filter(({ isRight }) => isRight).length / Math.max(1, sure.length);
    if (right >= WANTED && ruined / Math.max(1, ofRuined) <= 0.04) return limit;
  }
  return 0.97;
}

function row(name: string, examples: readonly Example[], w: Float64Array, limit: number): string[] {
  const share = (part: number, of = examples.length): string =>
    of === 0 ? '–' : `${((100 * part) / of).toFixed(0)} %`;
  const sure = examples.filter(({ x, isUnusable }) => !isUnusable && certainty(x, w) >= limit);
  return [
    name,
    String(examples.length),
    share(examples.filter(({ isRight }) => isRight).length),
    share(examples.filter(({ isUnusable }) => isUnusable).length),
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
