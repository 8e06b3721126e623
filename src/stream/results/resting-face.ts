import type { FaceResult, FrameResult } from '../pipeline/frame-result.js';
import { DECIMALS, roundTo } from './rounding.js';

/** Source of a person's resting face: all usable time of the recording, its first seconds, or none. */
export type BaselineChoice = 'auto' | 'off' | number;

/** A resting face. */
export interface RestingFace {
  /** Usable seconds it was taken from. */
  readonly seconds: number;
  /** Posterior of every label at rest; they sum to 1. */
  readonly posterior: Readonly<Record<string, number>>;
}

/** Frames of a face below which nothing is said about its rest. */
const LEAST_SECONDS = 2;
/** Seconds that count as much as what is known of people in general. */
const PRIOR_SECONDS = 5;
/** Least posterior in a ratio: what the model rules out stays ruled out. */
const FLOOR = 0.005;
/** Posterior of neutral in a face at rest. */
const NEUTRAL_AT_REST = 0.85;
/** Log posteriors are counted in this many steps from log(FLOOR) to 0: medians in constant memory. */
const STEPS = 256;

interface RestState {
  seconds: number;
  lastTime: number;
  readonly counts: Map<string, Float64Array>;
}

/**
 * Finds each person's resting face: the median of each label's log posterior over the usable frames, which the expressions of less than half of
 * the time do not move.
 */
export class RestingFaces {
  private readonly faces = new Map<number, RestState>();

  /** @param choice seconds of usable time from the first sight of each face, or "auto": all */
  constructor(private readonly choice: Exclude<BaselineChoice, 'off'>) {}

  push({ timestamp, faces }: FrameResult): void {
    for (const face of faces) {
      if (face.trust === 'unusable') continue;
      let state = this.faces.get(face.trackId);
      if (state === undefined) {
        state = { seconds: 0, lastTime: timestamp, counts: new Map() };
        this.faces.set(face.trackId, state);
      }
      // A frame counts for the time since the last one, but not for an absence.
      const seconds = Math.min(0.5, Math.max(0, timestamp - state.lastTime));
      state.lastTime = timestamp;
      if (this.choice !== 'auto' && state.seconds >= this.choice) continue;
      state.seconds += seconds;
      for (const [label, probability] of Object.entries(face.probabilities)) {
        let counts = state.counts.get(label);
        if (counts === undefined) state.counts.set(label, (counts = new Float64Array(STEPS)));
        counts[stepOf(probability)]! += Math.max(seconds, 1e-3);
      }
    }
  }

  /** By face id; only faces seen for long enough. */
  end(): Map<number, RestingFace> {
    const found = new Map<number, RestingFace>();
    for (const [id, { seconds, counts }] of this.faces) {
      if (seconds < Math.min(LEAST_SECONDS, this.choice === 'auto' ? Infinity : this.choice) - 1e-6) continue;
      const medians = [...counts].map(([label, all]) => [label, probabilityOf(medianStep(all))] as const);
      const sum = medians.reduce((total, [, value]) => total + value, 0);
      const posterior = Object.fromEntries(
        medians.map(([label, value]) => [label, roundTo(value / sum, DECIMALS.probability)]),
      );
      found.set(id, { seconds: roundTo(seconds, DECIMALS.seconds), posterior });
    }
    return found;
  }
}

/** Adds each face's expression relative to its resting face, where that is known. */
export function relativeToRest(result: FrameResult, rests: ReadonlyMap<number, RestingFace>): FrameResult {
  if (rests.size === 0) return result;
  return {
    ...result,
    faces: result.faces.map((face) => {
      const rest = rests.get(face.trackId);
      return rest === undefined ? face : { ...face, ...relativeFace(face, rest) };
    }),
  };
}

/**
 * Posteriors as if the person's resting face were an ordinary neutral one: p / rest * (what is usual at rest), so that at rest they are those of a
 * neutral face. Little footage moves them little.
 */
function relativeFace(
  { probabilities }: FaceResult,
  { seconds, posterior }: RestingFace,
): Pick<FaceResult, 'relative' | 'relativeLabel'> {
  const labels = Object.keys(probabilities);
  const others = (1 - NEUTRAL_AT_REST) / Math.max(1, labels.length - 1);
  const hasNeutral = labels.includes('neutral');
  const usual = (label: string): number =>
    hasNeutral ? (label === 'neutral' ? NEUTRAL_AT_REST : others) : 1 / labels.length;
  const weight = seconds / (seconds + PRIOR_SECONDS);
  const scores = labels.map((label) => {
    const ratio = usual(label) / Math.max(FLOOR, posterior[label] ?? 0);
    return probabilities[label]! * ratio ** weight;
  });
  const sum = scores.reduce((total, score) => total + score, 0);
  const best = scores.indexOf(Math.max(...scores));
  return {
    relative: Object.fromEntries(labels.map((label, k) => [label, sum > 0 ? scores[k]! / sum : 0])),
    relativeLabel: labels[best]!,
  };
}

function stepOf(probability: number): number {
  const share = 1 - Math.log(Math.max(FLOOR, probability)) / Math.log(FLOOR);
  return Math.min(STEPS - 1, Math.floor(share * STEPS));
}

function probabilityOf(step: number): number {
  return Math.exp((1 - (step + 0.5) / STEPS) * Math.log(FLOOR));
}

function medianStep(counts: Float64Array): number {
  const half = counts.reduce((sum, count) => sum + count, 0) / 2;
  let sum = 0;
  for (const [step, count] of counts.entries()) {
    sum += count;
    if (sum >= half) return step;
  }
  return 0;
}
