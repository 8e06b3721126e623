import type { ExpressionModel } from '../model/expression-model.js';
import type { ClassifiedFace, ClassifiedFrame } from './classified-frame.js';
import { toFaceResult, toFrameResult } from './face-result.js';
import type { FrameResult } from './frame-result.js';
import type { FaceObservation, FrameObservation } from './observation.js';
import { PosteriorSmoother } from './posterior-smoother.js';

export interface ClipWindowOptions {
  /**
   * True: every frame is answered at once from the past alone (live): the newest observation is the last that the model sees. False: a frame waits
   * until the frames around it are known (recorded footage).
   */
  readonly causal?: boolean;
  /**
   * Live: seconds before a frame from which observations are shown to the model, though not more of them than it was trained on. The longer, the calmer, and
   * the later a change of expression outweighs what was seen before it.
   */
  readonly memory?: number;
  /** Seconds a recorded frame waits for the frames after it to say whether a tentative face was one. */
  readonly lookAhead?: number;
  /** Seconds without an observation after which a face's next one starts a new clip. */
  readonly maxGap?: number;
  /** Seconds (time constant) over which a face's posteriors are averaged; 0: not at all. */
  readonly smoothing?: number;
}

/** Seconds: takes the flicker of single frames, and shows a change in less than a fifth of a second (bench/video-behaviour.ts). */
export const DEFAULT_SMOOTHING = 0.1;

/**
 * Seconds: of 128 changes none takes longer than 0.3 s to show, with 0.3 s three do, with 1.2 s (as many frames as in recorded footage) one in 24; labels
 * change by 15 % more often than with 1.2 s (bench/video-behaviour.ts).
 */
export const DEFAULT_MEMORY = 0.15;

/** Frames may carry any timestamps, even equal ones; the window must stay small all the same. */
const MAX_WAITING_FRAMES = 512;

interface Sighting {
  readonly frame: FrameObservation;
  /** Whose face it is; for what was tentative, as the sighting that confirmed it says. */
  readonly trackId: number;
  readonly observation: FaceObservation;
}

/**
 * The window of frames around the ones that are being classified. It settles two questions that a single frame leaves
 * open: whether a tentative face was one (only if the same face is later seen for sure), and what its expression is
 * (the temporal encoder sees the face's neighbouring observations, and posteriors are smoothed over time). Frames leave in order, one result for each.
 * Holds features and boxes, never pixels; its size is bounded by time and by MAX_WAITING_FRAMES.
 */
export class ClipWindow {
  private readonly causal: boolean;
  private readonly memory: number;
  private readonly lookAhead: number;
  private readonly maxGap: number;
  /** Observations before those to classify, and after them, that the model sees. */
  private readonly past: number;
  private readonly future: number;
  private readonly smoother: PosteriorSmoother;
  /** Frames not answered yet, oldest first. */
  private waiting: FrameObservation[] = [];
  /** Settled sightings of each tracklet that later ones still need as context, oldest first. */
  private readonly history = new Map<number, Sighting[]>();

  constructor(
    private readonly model: Pick<ExpressionModel, 'labels' | 'context' | 'classify'>,
    {
      causal = false,
      memory = DEFAULT_MEMORY,
      lookAhead = 1,
      maxGap = 0.5,
      smoothing = DEFAULT_SMOOTHING,
    }: ClipWindowOptions = {},
  ) {
    this.causal = causal;
    this.memory = causal ? memory : Infinity;
    this.lookAhead = lookAhead;
    this.maxGap = maxGap;
    const { past, future, hop } = model.context;
    this.past = causal ? past + future + hop - 1 : past;
    this.future = causal ? 0 : future;
    this.smoother = new PosteriorSmoother({ seconds: smoothing, causal, maxGap });
  }

  /** Takes the next frame and returns the results that have become final, possibly none. */
  async push(frame: FrameObservation): Promise<FrameResult[]> {
    this.waiting.push(frame);
    if (this.causal) return this.settle(1);
    const due = this.countDue(frame);
    return due >= this.model.context.hop || this.waiting.length > MAX_WAITING_FRAMES
      ? this.settle(Math.max(due, 1))
      : [];
  }

  /** The results of all frames still waiting; call once, after the last frame. */
  async flush(): Promise<FrameResult[]> {
    return [...(await this.settle(this.waiting.length)), ...this.smoother.flush().map((frame) => this.resultOf(frame))];
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
      .flatMap((frame) => this.smoother.push({ frame, faces: faces.get(frame)! }))
      .map((frame) => this.resultOf(frame));
  }

  private resultOf({ frame, faces }: ClassifiedFrame): FrameResult {
    const results = faces.map(({ face, posteriors }) => toFaceResult(face, posteriors, this.model.labels));
    return toFrameResult(
      frame,
      results.sort((a, b) => a.trackId - b.trackId),
    );
  }

  /** Per tracklet, everything that is known of it: settled history, then waiting sightings without unconfirmed tails. */
  private confirmedSightings(): Map<number, Sighting[]> {
    const tracklets = new Map<number, Sighting[]>();
    for (const [tracklet, past] of this.history) tracklets.set(tracklet, [...past]);
    const unconfirmed = new Map<number, Sighting[]>();
    for (const frame of this.waiting) {
      for (const observation of frame.faces) {
        const { tracklet, trackId, tentative } = observation.face;
        const held = append(unconfirmed, tracklet, { frame, trackId, observation });
        if (tentative) continue;
        for (const sighting of held) append(tracklets, tracklet, { ...sighting, trackId });
        unconfirmed.delete(tracklet);
      }
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

  /** Classifies those sightings of one clip whose frames are due, and remembers them as context for the next. */
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
    for (const [offset, { frame, trackId, observation }] of clip.slice(from, to).entries()) {
      const faces = due.get(frame)!;
      const classified = { face: { ...observation.face, trackId }, posteriors: posteriors[offset]! };
      // Nobody is in a frame twice: a doubtful sighting that later turned out to be somebody yields to that person's sure one.
      const twin = faces.findIndex(({ face }) => face.trackId === trackId);
      if (twin < 0) faces.push(classified);
      else if (!observation.face.tentative) faces[twin] = classified;
    }
    this.remember(clip.slice(0, to));
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
