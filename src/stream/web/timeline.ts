import type { LiveFace } from '../protocol/messages.js';
import { ranked } from './posteriors.js';
import type { Posteriors } from './posteriors.js';

/** Seconds that a timeline shows. */
export const TIMELINE_SECONDS = 30;

/** Seconds between two points: more would lie on the same pixel. */
const STEP = 0.08;

/** Seconds without a face after which its line is broken. */
const GAP = 3;

export interface TimelinePoint {
  /** Seconds, by the same clock for all faces. */
  readonly time: number;
  readonly probabilities: Posteriors;
}

/** What each face showed in the last 30 seconds. */
export class Timeline {
  private readonly faces = new Map<number, TimelinePoint[]>();

  /** @param time seconds, never smaller than before */
  add(faces: readonly LiveFace[], time: number): void {
    for (const { trackId, probabilities } of faces) {
      const points = this.faces.get(trackId) ?? [];
      if (time - (points.at(-1)?.time ?? -Infinity) < STEP) continue;
      points.push({ time, probabilities });
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

  /** Faces are numbered anew. */
  clear(): void {
    this.faces.clear();
  }
}

/** The stretches in which a face was there, without the times between them. */
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

/** Stretches with the same dominant label, for the text below the colours. */
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

/** The timeline in words: "happiness 70 % of the time, neutral 30 %". */
export function timelineText(points: readonly TimelinePoint[]): string {
  const seconds = new Map<string, number>();
  for (const { label, start, end } of dominantStretches(points))
    seconds.set(label, (seconds.get(label) ?? 0) + end - start);
  const total = [...seconds.values()].reduce((sum, part) => sum + part, 0);
  if (total === 0) return 'not seen for long enough';
  return [...seconds]
    .sort((a, b) => b[1] - a[1])
    .map(([label, part], index) => `${label} ${Math.round((100 * part) / total)} %${index === 0 ? ' of the time' : ''}`)
    .join(', ');
}
