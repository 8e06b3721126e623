import type { FaceResult, FrameResult, FrameStatus } from '../pipeline/frame-result.js';
import type { RunMetadata, RunOutcome } from './annotation-schema.js';
import { SCHEMA_VERSION } from './annotation-schema.js';
import { FrameIntervals, loneFrameSeconds } from './frame-interval.js';
import type { TimedFrame } from './frame-interval.js';
import { DECIMALS, roundTo } from './rounding.js';

/** One face over the whole recording. Means and shares are weighted by the time each frame was shown. */
export interface FaceSummary {
  readonly id: number;
  readonly name?: string;
  /** Seconds: start of the first and of the last frame with the face. */
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly frames: number;
  /** Seconds the face was visible. */
  readonly seconds: number;
  /** Seconds of it that are usable, and that are sure. */
  readonly usableSeconds: number;
  readonly sureSeconds: number;
  /** Share of the usable time in which each label dominated; they sum to 1, or are all 0 without usable time. */
  readonly timeShare: Readonly<Record<string, number>>;
  readonly meanProbability: Readonly<Record<string, number>>;
  readonly meanAmbiguity: number;
  /** Mean of `quality.overall`. */
  readonly meanQuality: number;
}

export interface Summary {
  readonly type: 'summary';
  readonly schemaVersion: number;
  readonly run: RunMetadata;
  readonly outcome: RunOutcome;
  /** Seconds for which frames were shown: from the first to the end of the last, without leaps of the clock. */
  readonly duration: number;
  readonly frames: { readonly total: number; readonly withFaces: number } & Readonly<Record<FrameStatus, number>>;
  /** By ascending id. */
  readonly faces: readonly FaceSummary[];
}

interface FaceSums {
  firstSeen: number;
  lastSeen: number;
  frames: number;
  seconds: number;
  usable: number;
  sure: number;
  name: string | undefined;
  readonly dominant: Map<string, number>;
  readonly probability: Map<string, number>;
  ambiguity: number;
  quality: number;
}

/** Adds up results; memory grows only with the number of faces. */
export class SummaryBuilder {
  private readonly intervals: FrameIntervals;
  private readonly faces = new Map<number, FaceSums>();
  private readonly statuses: Record<FrameStatus, number> = { ok: 0, 'no-face': 0, degraded: 0, unreadable: 0 };
  private total = 0;
  private withFaces = 0;
  private duration = 0;

  constructor(private readonly metadata: RunMetadata) {
    this.intervals = new FrameIntervals(loneFrameSeconds(metadata));
  }

  push(result: FrameResult): void {
    this.total++;
    this.statuses[result.status]++;
    if (result.faces.length > 0) this.withFaces++;
    const frame = this.intervals.push(result);
    if (frame !== null) this.add(frame);
  }

  end(outcome: RunOutcome): Summary {
    const frame = this.intervals.end();
    if (frame !== null) this.add(frame);
    const { labels } = this.metadata.model;
    const faces = [...this.faces].sort(([a], [b]) => a - b).map(([id, sums]) => faceSummary(id, sums, labels));
    return {
      type: 'summary',
      schemaVersion: SCHEMA_VERSION,
      run: this.metadata,
      outcome,
      duration: roundTo(this.duration, DECIMALS.seconds),
      frames: { total: this.total, withFaces: this.withFaces, ...this.statuses },
      faces,
    };
  }

  private add({ result, start, end }: TimedFrame): void {
    this.duration += end - start;
    for (const face of result.faces) this.addFace(face, start, end - start);
  }

  private addFace(face: FaceResult, start: number, seconds: number): void {
    let sums = this.faces.get(face.trackId);
    if (sums === undefined) {
      sums = {
        firstSeen: start,
        lastSeen: start,
        frames: 0,
        seconds: 0,
        usable: 0,
        sure: 0,
        name: face.name,
        dominant: new Map(),
        probability: new Map(),
        ambiguity: 0,
        quality: 0,
      };
      this.faces.set(face.trackId, sums);
    }
    sums.lastSeen = start;
    sums.frames++;
    sums.seconds += seconds;
    if (face.trust === 'sure') sums.sure += seconds;
    if (face.trust !== 'unusable') {
      sums.usable += seconds;
      sums.dominant.set(face.label, (sums.dominant.get(face.label) ?? 0) + seconds);
    }
    for (const [label, value] of Object.entries(face.probabilities)) {
      sums.probability.set(label, (sums.probability.get(label) ?? 0) + value * seconds);
    }
    sums.ambiguity += face.ambiguity * seconds;
    sums.quality += face.quality.overall * seconds;
  }
}

function faceSummary(id: number, sums: FaceSums, labels: readonly string[]): FaceSummary {
  // A face seen only where timestamps repeat has no time.
  const mean = (sum: number): number => (sums.seconds > 0 ? roundTo(sum / sums.seconds, DECIMALS.probability) : 0);
  const share = (sum: number): number => (sums.usable > 0 ? roundTo(sum / sums.usable, DECIMALS.probability) : 0);
  const byLabel = (values: ReadonlyMap<string, number>, part: (sum: number) => number): Record<string, number> =>
    Object.fromEntries(labels.map((label) => [label, part(values.get(label) ?? 0)]));
  return {
    id,
    ...(sums.name === undefined ? {} : { name: sums.name }),
    firstSeen: roundTo(sums.firstSeen, DECIMALS.seconds),
    lastSeen: roundTo(sums.lastSeen, DECIMALS.seconds),
    frames: sums.frames,
    seconds: roundTo(sums.seconds, DECIMALS.seconds),
    usableSeconds: roundTo(sums.usable, DECIMALS.seconds),
    sureSeconds: roundTo(sums.sure, DECIMALS.seconds),
    timeShare: byLabel(sums.dominant, share),
    meanProbability: byLabel(sums.probability, mean),
    meanAmbiguity: mean(sums.ambiguity),
    meanQuality: mean(sums.quality),
  };
}
