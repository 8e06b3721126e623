import { qualityTemperature, requireFinite, tempered } from '../../model/expression-model.js';
import type { ExpressionModel, PictureQuality } from '../../model/expression-model.js';
import type { PriorAdapter } from '../../model/class-prior.js';
import { toFrameResult } from './frame-result.js';
import type { ClassifiedFace, FaceObservation, FrameObservation, FrameResult } from './frame-result.js';
import { PosteriorSmoother } from './posterior-smoother.js';
import type { TrustLimits } from './trust.js';

export interface ClipWindowOptions {
  /** True (live): each frame is answered at once, from the past alone. False (recorded): a frame waits for the frames after it. */
  readonly causal?: boolean;
  /**
   * Live: seconds of past observations that the model sees, at most as many as it was trained on. Longer is calmer, and slower to show
   * a change of expression.
   */
  readonly memory?: number;
  /** Recorded: seconds a frame waits for later frames to confirm a tentative face. */
  readonly lookAhead?: number;
  /** Seconds without an observation after which a face's next one starts a new clip. */
  readonly maxGap?: number;
  /** Smoothing time constant in seconds; 0 disables. */
  readonly smoothing?: number;
  /** Adapts the model's posteriors to a prior; without it they are unchanged. */
  readonly prior?: Pick<PriorAdapter, 'adapt'>;
  /** Limits of unusable and unsure faces, in addition to the defaults. */
  readonly trust?: TrustLimits;
}

/** Seconds: removes single-frame flicker, and shows a change within 0.2 s (bench/video-behaviour.ts). */
export const DEFAULT_SMOOTHING = 0.1;

/**
 * Seconds. Measured on 128 changes of expression (bench/video-behaviour.ts): with 0.15 s none takes longer than 0.3 s to show; with 0.3 s
 * three do, with 1.2 s (the window of recorded footage) one in 24. Labels switch 15 % more often than with 1.2 s.
 */
const DEFAULT_MEMORY = 0.15;

/** Timestamps may repeat, so a bound in seconds alone is not enough. */
const MAX_WAITING_FRAMES = 512;

/** One observation of a tracklet. */
interface Sighting {
  readonly frame: FrameObservation;
  /** For a tentative observation, the id of the one that confirmed it. */
  readonly trackId: number;
  readonly observation: FaceObservation;
}

/**
 * The window of frames around those being classified. It decides what one frame cannot: whether a tentative face is real (only if a later
 * frame confirms it), and its expression (the temporal encoder sees neighbouring observations, and posteriors are smoothed over time).
 * One result per frame, in order. Holds features and boxes, never pixels; bounded by time and by MAX_WAITING_FRAMES.
 */
export class ClipWindow {
  private readonly causal: boolean;
  private readonly memory: number;
  private readonly lookAhead: number;
  private readonly maxGap: number;
  /** Context the model sees: observations before and after those to classify. */
  private readonly past: number;
  private readonly future: number;
  private readonly prior: Pick<PriorAdapter, 'adapt'> | null;
  private readonly trust: TrustLimits;
  private readonly smoother: PosteriorSmoother;
  /** Frames without a result yet, oldest first. */
  private waiting: FrameObservation[] = [];
  /** Unconfirmed tracklets of waiting frames that count as faces. */
  private accepted: ReadonlySet<number> = new Set();
  /** Classified sightings of each tracklet, kept as context for later ones; oldest first. */
  private readonly history = new Map<number, Sighting[]>();

  constructor(
    private readonly model: Pick<ExpressionModel, 'name' | 'labels' | 'context' | 'classify'> &
      Partial<Pick<ExpressionModel, 'qualityCalibration'>>,
    {
      causal = false,
      memory = DEFAULT_MEMORY,
      lookAhead = 1,
      maxGap = 0.5,
      smoothing = DEFAULT_SMOOTHING,
      prior,
      trust = {},
    }: ClipWindowOptions = {},
  ) {
    this.causal = causal;
    this.memory = causal ? memory : Infinity;
    this.lookAhead = lookAhead;
    this.maxGap = maxGap;
    const { past, future, hop } = model.context;
    this.past = causal ? past + future + hop - 1 : past;
    this.future = causal ? 0 : future;
    this.prior = prior ?? null;
    this.trust = trust;
    this.smoother = new PosteriorSmoother({ seconds: smoothing, causal, maxGap });
  }

  /** Takes the next frame and returns the results that have become final, possibly none. */
  async push(frame: FrameObservation): Promise<FrameResult[]> {
    this.waiting.push(frame);
    this.accept(frame.accepted ?? []);
    if (this.causal) return this.settle(1);
    const due = this.countDue(frame);
    return due >= this.model.context.hop || this.waiting.length > MAX_WAITING_FRAMES
      ? this.settle(Math.max(due, 1))
      : [];
  }

  /**
   * The results of all frames still waiting; call once, after the last frame.
   * @param accepted tracklets that end unconfirmed and count as faces all the same
   */
  async flush(accepted: readonly number[] = []): Promise<FrameResult[]> {
    this.accept(accepted);
    const settled = await this.settle(this.waiting.length);
    return [...settled, ...this.smoother.flush().map((frame) => toFrameResult(frame, this.model.labels, this.trust))];
  }

  private accept(tracklets: readonly number[]): void {
    const waiting = new Set(this.waiting.flatMap(({ faces }) => faces.map(({ face }) => face.tracklet)));
    this.accepted = new Set([...this.accepted, ...tracklets].filter((tracklet) => waiting.has(tracklet)));
  }

  private countDue(newest: FrameObservation): number {
    let due = 0;
    for (const [position, frame] of this.waiting.entries()) {
      const framesAfter = this.waiting.length - 1 - position;
      if (framesAfter < this.future || newest.timestamp - frame.timestamp < this.lookAhead) break;
      due += 1;
    }
    return due;
  }

  /** Answers the `count` oldest waiting frames. */
  private async settle(count: number): Promise<FrameResult[]> {
    const due = this.waiting.slice(0, count);
    const faces = new Map<FrameObservation, ClassifiedFace[]>(due.map((frame) => [frame, []]));
    for (const sightings of this.confirmedSightings().values()) {
      for (const clip of this.splitAtGaps(sightings)) {
        await this.classify(clip, faces);
      }
    }
    this.waiting = this.waiting.slice(count);
    return due
      .flatMap((frame) => this.smoother.push({ ...frame, faces: faces.get(frame)! }))
      .map((frame) => toFrameResult(frame, this.model.labels, this.trust));
  }

  /**
   * For each tracklet, the sightings known to be of a real face: settled history, then waiting ones up to the last that is surely a face, or to the end
   * where the follower has accepted the tracklet. While it is undecided whose face it is, the latest guess holds.
   */
  private confirmedSightings(): Map<number, Sighting[]> {
    const tracklets = new Map<number, Sighting[]>();
    for (const [tracklet, past] of this.history) tracklets.set(tracklet, [...past]);
    const open = new Map<number, Sighting[]>();
    for (const frame of this.waiting) {
      for (const observation of frame.faces) {
        const { tracklet, trackId, tentative, provisional } = observation.face;
        const held = append(open, tracklet, { frame, trackId, observation });
        if (tentative || provisional) continue;
        for (const sighting of held) append(tracklets, tracklet, { ...sighting, trackId });
        open.delete(tracklet);
      }
    }
    for (const [tracklet, held] of open) {
      const isAccepted = this.accepted.has(tracklet);
      const last = held.findLastIndex(({ observation: { face } }) => !face.tentative || isAccepted);
      const { trackId } = held.at(-1)!;
      for (const sighting of held.slice(0, last + 1)) append(tracklets, tracklet, { ...sighting, trackId });
    }
    return tracklets;
  }

  private splitAtGaps(sightings: readonly Sighting[]): Sighting[][] {
    const clips: Sighting[][] = [];
    let previous: number | null = null;
    for (const sighting of sightings) {
      const { timestamp } = sighting.frame;
      if (previous === null || timestamp - previous > this.maxGap) clips.push([]);
      clips.at(-1)!.push(sighting);
      previous = timestamp;
    }
    return clips;
  }

  /** Classifies the sightings of one clip whose frames are due, and keeps them as context for the next ones. */
  private async classify(
    clip: readonly Sighting[],
    due: ReadonlyMap<FrameObservation, ClassifiedFace[]>,
  ): Promise<void> {
    const from = clip.findIndex(({ frame }) => due.has(frame));
    if (from < 0) return;
    const to = clip.findLastIndex(({ frame }) => due.has(frame)) + 1;
    const oldest = clip[from]!.frame.timestamp - this.memory;
    const first = Math.max(
      from - this.past,
      clip.findIndex(({ frame }) => frame.timestamp >= oldest),
    );
    const window = clip.slice(first, to + this.future);
    const posteriors = await this.model.classify({
      features: window.map(({ observation }) => observation.features),
      timestamps: window.map(({ frame }) => frame.timestamp),
      from: from - first,
      to: to - first,
    });
    requireFinite(posteriors, this.model.name);
    for (const [offset, { frame, trackId, observation }] of clip.slice(from, to).entries()) {
      const faces = due.get(frame)!;
      const classified = {
        face: { ...observation.face, trackId },
        posteriors: this.calibrated(posteriors[offset]!, observation.face.quality),
      };
      // Each person appears once per frame: a tentative observation yields to a confirmed one of the same id.
      const twin = faces.findIndex(({ face }) => face.trackId === trackId);
      if (twin < 0) faces.push(classified);
      else if (!observation.face.tentative) faces[twin] = classified;
    }
    this.remember(clip.slice(0, to));
  }

  /** As sure as the quality of the picture allows, for the prior wanted. */
  private calibrated(posteriors: Float32Array, quality: PictureQuality): Float32Array {
    const by = this.model.qualityCalibration ?? null;
    const answer = by === null ? posteriors : tempered(posteriors, qualityTemperature(quality, by));
    return this.prior?.adapt(answer) ?? answer;
  }

  private remember(settled: readonly Sighting[]): void {
    const { tracklet } = settled[0]!.observation.face;
    this.history.delete(tracklet);
    if (this.past > 0) this.history.set(tracklet, settled.slice(-this.past));
    const now = settled.at(-1)!.frame.timestamp;
    for (const [old, sightings] of this.history) {
      if (now - sightings.at(-1)!.frame.timestamp > this.maxGap) this.history.delete(old);
    }
  }
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): V[] {
  const list = lists.get(key);
  if (list !== undefined) {
    list.push(value);
    return list;
  }
  const created = [value];
  lists.set(key, created);
  return created;
}
