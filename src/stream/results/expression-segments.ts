import type { FaceResult, FrameResult } from '../pipeline/frame-result.js';
import type { Trust } from '../pipeline/trust.js';
import { FrameIntervals } from './frame-interval.js';
import type { TimedFrame } from './frame-interval.js';

/** A period in which one expression dominates on one face. */
export interface Segment {
  readonly trackId: number;
  /** Name of the person, if given. */
  readonly name?: string;
  readonly label: string;
  /** Mean posterior of `label` over the time the face was visible, 0..1. */
  readonly probability: number;
  /** Largest posterior of `label`. */
  readonly peak: number;
  /** The verdict of most of that time. */
  readonly trust: Trust;
  /** Seconds, start < end. */
  readonly start: number;
  readonly end: number;
  /** Image folders only: the file name. */
  readonly file?: string;
  /** Why an image is unreadable; it has no face then, and trackId is 0. */
  readonly problem?: string;
}

export interface SegmentOptions {
  /** Seconds; a shorter segment is flicker and joins the one before it (the first one joins the one after it). */
  readonly minDuration: number;
  /** Seconds a face may be absent within a segment. */
  readonly maxGap: number;
}

export const SEGMENT_DEFAULTS: SegmentOptions = { minDuration: 0.2, maxGap: 0.25 };

/** A growing segment: the time each label dominated, and the time integrals of all posteriors. */
interface OpenSegment {
  readonly trackId: number;
  readonly start: number;
  end: number;
  /** Seconds the face was visible: `end - start` without the gaps. */
  seen: number;
  /** Label of the last frame. */
  label: string;
  name: string | undefined;
  readonly dominance: Map<string, number>;
  readonly posterior: Map<string, number>;
  readonly peak: Map<string, number>;
  readonly trust: Map<Trust, number>;
}

interface FaceState {
  /** Complete, unless a short successor joins it. */
  held: OpenSegment | null;
  /** Still growing. */
  open: OpenSegment;
}

/**
 * Cuts a stream of results into segments of one dominant expression per face. The segments of one face do not overlap and cover every
 * frame with that face. They come out ordered by start, then by face; those that began after one that still grows wait for it, so memory
 * grows with the segments within one, never with frames.
 */
export class ExpressionSegments {
  private readonly intervals = new FrameIntervals();
  private readonly faces = new Map<number, FaceState>();
  /** Complete segments in order, waiting for unfinished ones that began before them. */
  private readonly ready: Segment[] = [];

  constructor(private readonly options: SegmentOptions = SEGMENT_DEFAULTS) {}

  /** The segments that have become final. */
  push(result: FrameResult): Segment[] {
    const frame = this.intervals.push(result);
    if (frame !== null) this.add(frame);
    return this.release();
  }

  /** All remaining segments. */
  end(): Segment[] {
    const frame = this.intervals.end();
    if (frame !== null) this.add(frame);
    for (const state of this.faces.values()) this.closePresence(state);
    this.faces.clear();
    return this.release();
  }

  private add({ result, start, end }: TimedFrame): void {
    for (const [trackId, state] of this.faces) {
      if (start - state.open.end <= this.options.maxGap) continue;
      this.closePresence(state);
      this.faces.delete(trackId);
    }
    if (end <= start) return;
    for (const face of result.faces) {
      const state = this.faces.get(face.trackId);
      if (state === undefined) {
        this.faces.set(face.trackId, {
          held: null,
          open: grow(emptySegment(face.trackId, face.label, start), face, start, end),
        });
      } else if (state.open.label === face.label) {
        grow(state.open, face, start, end);
      } else {
        // A gap belongs to the expression before it.
        state.open.end = start;
        this.settle(state);
        const { held } = state;
        // A flicker has been absorbed and the expression before it continues.
        const resumed = held !== null && held.label === face.label;
        if (resumed) state.held = null;
        state.open = grow(resumed ? held : emptySegment(face.trackId, face.label, start), face, start, end);
      }
    }
  }

  /** `open` has ended: it joins `held` if either is too short, else it replaces it. */
  private settle(state: FaceState): void {
    const { held, open } = state;
    if (held === null) {
      state.held = open;
    } else if (this.isShort(open) || this.isShort(held)) {
      state.held = joined(held, open);
    } else {
      this.finish(held);
      state.held = open;
    }
  }

  private closePresence(state: FaceState): void {
    this.settle(state);
    if (state.held !== null) this.finish(state.held);
  }

  private isShort(stretch: OpenSegment): boolean {
    return stretch.end - stretch.start < this.options.minDuration;
  }

  private finish(stretch: OpenSegment): void {
    const cue = segmentOf(stretch);
    // From the back: what completes now usually began recently.
    let place = this.ready.length;
    while (place > 0 && compareSegments(this.ready[place - 1]!, cue) > 0) place--;
    this.ready.splice(place, 0, cue);
  }

  private release(): Segment[] {
    if (this.ready.length === 0) return [];
    let earliest = Infinity;
    for (const { held, open } of this.faces.values()) earliest = Math.min(earliest, (held ?? open).start);
    let count = 0;
    while (count < this.ready.length && this.ready[count]!.start < earliest) count++;
    return this.ready.splice(0, count);
  }
}

export function compareSegments(a: Segment, b: Segment): number {
  return a.start - b.start || a.trackId - b.trackId;
}

function emptySegment(trackId: number, label: string, start: number): OpenSegment {
  return {
    trackId,
    label,
    name: undefined,
    start,
    end: start,
    seen: 0,
    dominance: new Map(),
    posterior: new Map(),
    peak: new Map(),
    trust: new Map(),
  };
}

/** Adds a frame of the face, in place. */
function grow(
  stretch: OpenSegment,
  face: Pick<FaceResult, 'label' | 'probabilities' | 'trust' | 'name'>,
  start: number,
  end: number,
): OpenSegment {
  const seconds = end - start;
  stretch.end = end;
  stretch.seen += seconds;
  stretch.label = face.label;
  stretch.name = face.name;
  add(stretch.dominance, face.label, seconds);
  add(stretch.trust, face.trust, seconds);
  for (const [label, probability] of Object.entries(face.probabilities)) {
    add(stretch.posterior, label, probability * seconds);
    raise(stretch.peak, label, probability);
  }
  return stretch;
}

function joined(first: OpenSegment, second: OpenSegment): OpenSegment {
  const sum: OpenSegment = { ...first, end: second.end, seen: first.seen + second.seen };
  for (const [label, seconds] of second.dominance) add(sum.dominance, label, seconds);
  for (const [label, integral] of second.posterior) add(sum.posterior, label, integral);
  for (const [label, peak] of second.peak) raise(sum.peak, label, peak);
  for (const [trust, seconds] of second.trust) add(sum.trust, trust, seconds);
  sum.label = dominantLabel(sum);
  return sum;
}

function dominantLabel({ dominance, label }: OpenSegment): string {
  let best = label;
  for (const [other, seconds] of dominance) if (seconds > (dominance.get(best) ?? 0)) best = other;
  return best;
}

function segmentOf(stretch: OpenSegment): Segment {
  const label = dominantLabel(stretch);
  return {
    trackId: stretch.trackId,
    label,
    probability: (stretch.posterior.get(label) ?? 0) / stretch.seen,
    peak: stretch.peak.get(label) ?? 0,
    trust: [...stretch.trust].reduce((most, one) => (one[1] > most[1] ? one : most))[0],
    start: stretch.start,
    end: stretch.end,
    ...(stretch.name === undefined ? {} : { name: stretch.name }),
  };
}

function add<K>(map: Map<K, number>, key: K, value: number): void {
  map.set(key, (map.get(key) ?? 0) + value);
}

function raise(map: Map<string, number>, key: string, value: number): void {
  map.set(key, Math.max(map.get(key) ?? 0, value));
}
