import type { Trust } from '../pipeline/trust.js';
import type { LiveFace } from '../protocol/messages.js';
import { ranked } from './posteriors.js';
import type { Posteriors } from './posteriors.js';

/** Length of a timeline in seconds. */
export const TIMELINE_SECONDS = 30;

/** Minimum seconds between two points: closer ones would fall on the same pixel. */
const STEP = 0.08;

/** Seconds without a face that leave a gap. */
const GAP = 3;

export interface TimelinePoint {
  /** Seconds on a clock shared by all faces. */
  readonly time: number;
  readonly probabilities: Posteriors;
  readonly trust?: Trust;
}

/** The last 30 seconds of every face. */
export class Timeline {
  private readonly faces = new Map<number, TimelinePoint[]>();

  /** @param time seconds, not decreasing */
  add(faces: readonly LiveFace[], time: number): void {
    for (const { trackId, probabilities, trust } of faces) {
      const points = this.faces.get(trackId) ?? [];
      if (time - (points.at(-1)?.time ?? -Infinity) < STEP) continue;
      points.push({ time, probabilities, trust });
      this.faces.set(trackId, points);
    }
    for (const [trackId, points] of this.faces) {
      const kept = points.findIndex((point) => time - point.time <= TIMELINE_SECONDS);
      if (kept < 0) this.faces.delete(trackId);
      else points.splice(0, kept);
    }
  }

  /** Faces seen in the last 30 seconds, by id. */
  get trackIds(): readonly number[] {
    return [...this.faces.keys()].sort((a, b) => a - b);
  }

  /** Oldest first. */
  points(trackId: number): readonly TimelinePoint[] {
    return this.faces.get(trackId) ?? [];
  }

  /** A new session starts: face ids start again at 1. */
  clear(): void {
    this.faces.clear();
  }
}

/** The points split at gaps. */
export function unbroken(points: readonly TimelinePoint[]): readonly (readonly TimelinePoint[])[] {
  const stretches: TimelinePoint[][] = [];
  let before = -Infinity;
  for (const point of points) {
    if (point.time - before > GAP) stretches.push([]);
    stretches.at(-1)!.push(point);
    before = point.time;
  }
  return stretches;
}

/** Stretches with the same dominant label. */
export function dominantStretches(
  points: readonly TimelinePoint[],
): readonly { readonly label: string; readonly start: number; readonly end: number }[] {
  return unbroken(points).flatMap((stretch) => {
    const runs: { label: string; start: number; end: number }[] = [];
    for (const { time, probabilities } of stretch) {
      const label = ranked(probabilities)[0]?.label;
      const run = runs.at(-1);
      if (run !== undefined) run.end = time;
      if (label !== undefined && run?.label !== label) runs.push({ label, start: time, end: time });
    }
    return runs;
  });
}

/** The timeline as text: "happiness 70 % of the time, neutral 30 %". */
export function timelineText(points: readonly TimelinePoint[]): string {
  const seconds = new Map<string, number>();
  for (const { label, start, end } of dominantStretches(points))
    seconds.set(label, (seconds.get(label) ?? 0) + end - start);
  const total = [...seconds.values()].reduce((sum, part) => sum + part, 0);
  if (total === 0) return 'too short';
  return [...seconds]
    .sort((a, b) => b[1] - a[1])
    .map(([label, part], index) => `${label} ${Math.round((100 * part) / total)} %${index === 0 ? ' of the time' : ''}`)
    .join(', ');
}

/** The point nearest to `time`; null if none is within a second. */
export function pointAt(points: readonly TimelinePoint[], time: number): TimelinePoint | null {
  let best: TimelinePoint | null = null;
  for (const point of points)
    if (Math.abs(point.time - time) <= Math.abs((best?.time ?? -Infinity) - time)) best = point;
  return best !== null && Math.abs(best.time - time) <= 1 ? best : null;
}
