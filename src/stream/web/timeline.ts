import type { Trust } from '../pipeline/trust.js';
import type { LiveFace } from '../protocol/messages.js';
import { expressionColour } from '../results/palette.js';
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

/** Height of the time axis in CSS pixels. */
const AXIS = 18;
const TICK_SECONDS = 10;
/** Height of the strip that marks unsure results. */
const STRIP = 5;
const FONT = '11px system-ui, sans-serif';

interface TimelineView {
  readonly points: readonly TimelinePoint[];
  readonly labels: readonly string[];
  /** Seconds, at the right edge. */
  readonly now: number;
  /** Time under the pointer; null without one. */
  readonly cursor: number | null;
}

/** Draws posteriors stacked over the last 30 seconds, the names of the dominant ones, and a time axis. */
export function drawTimeline(canvas: HTMLCanvasElement, view: TimelineView): void {
  const { points, labels, now, cursor } = view;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const size = { width: Math.round(width * devicePixelRatio), height: Math.round(height * devicePixelRatio) };
  if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size);
  const context = canvas.getContext('2d')!;
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  context.clearRect(0, 0, width, height);
  const at = (time: number): number => width * (1 - (now - time) / TIMELINE_SECONDS);
  const bottom = height - AXIS;
  const ink = getComputedStyle(canvas).color;

  for (const stretch of unbroken(points)) drawStack(context, stretch, labels, at, bottom);
  drawUnsure(context, points, at, bottom);
  drawNames(context, points, at, bottom);
  drawAxis(context, ink, width, bottom);
  if (cursor !== null) {
    context.fillStyle = ink;
    context.fillRect(at(cursor) - 0.75, 0, 1.5, bottom);
  }
}

/** One area per label, each on top of the previous ones. */
function drawStack(
  context: CanvasRenderingContext2D,
  points: readonly TimelinePoint[],
  labels: readonly string[],
  at: (time: number) => number,
  height: number,
): void {
  const floor = points.map(() => 0);
  for (const label of labels) {
    const ceiling = points.map(({ probabilities }, k) => floor[k]! + (probabilities[label] ?? 0));
    context.beginPath();
    points.forEach(({ time }, k) => {
      context.lineTo(at(time), height * (1 - ceiling[k]!));
    });
    for (let k = points.length - 1; k >= 0; k -= 1) context.lineTo(at(points[k]!.time), height * (1 - floor[k]!));
    context.fillStyle = `#${expressionColour(label)}`;
    context.fill();
    ceiling.forEach((value, k) => (floor[k] = value));
  }
}

/** Greys the stack where results are unsure, below a dark strip. */
function drawUnsure(
  context: CanvasRenderingContext2D,
  points: readonly TimelinePoint[],
  at: (time: number) => number,
  bottom: number,
): void {
  for (const { start, end } of unsureStretches(points)) {
    context.globalCompositeOperation = 'saturation';
    context.fillStyle = '#808080';
    context.fillRect(at(start), 0, at(end) - at(start), bottom);
    context.globalCompositeOperation = 'source-over';
    context.fillStyle = '#3a424d';
    context.fillRect(at(start), 0, at(end) - at(start), STRIP);
  }
}

/** Stretches whose results are not to be trusted. */
export function unsureStretches(
  points: readonly TimelinePoint[],
): readonly { readonly start: number; readonly end: number }[] {
  return unbroken(points).flatMap((stretch) => {
    const runs: { start: number; end: number }[] = [];
    for (const [k, { time, trust = 'sure' }] of stretch.entries()) {
      if (trust === 'sure') continue;
      const end = stretch[k + 1]?.time ?? time;
      const last = runs.at(-1);
      if (last?.end === time) last.end = end;
      else runs.push({ start: time, end });
    }
    return runs;
  });
}

/** The name of each dominant stretch that is wide enough. */
function drawNames(
  context: CanvasRenderingContext2D,
  points: readonly TimelinePoint[],
  at: (time: number) => number,
  bottom: number,
): void {
  context.font = FONT;
  context.textBaseline = 'middle';
  for (const { label, start, end } of dominantStretches(points)) {
    const left = Math.max(0, at(start));
    const width = context.measureText(label).width + 10;
    if (width + 4 > at(end) - left) continue;
    context.fillStyle = 'rgb(13 17 23 / 0.8)';
    context.beginPath();
    context.roundRect(left + 3, bottom - 19, width, 16, 5);
    context.fill();
    context.fillStyle = '#fff';
    context.fillText(label, left + 8, bottom - 10.5);
  }
}

function drawAxis(context: CanvasRenderingContext2D, ink: string, width: number, bottom: number): void {
  context.font = FONT;
  context.fillStyle = ink;
  context.textBaseline = 'top';
  context.fillRect(0, bottom, width, 1);
  for (let seconds = 0; seconds <= TIMELINE_SECONDS; seconds += TICK_SECONDS) {
    const x = width * (1 - seconds / TIMELINE_SECONDS);
    const text = seconds === 0 ? 'now' : `−${seconds} s`;
    context.textAlign = seconds === 0 ? 'right' : seconds === TIMELINE_SECONDS ? 'left' : 'center';
    context.fillRect(Math.min(width - 1, x), bottom, 1, 4);
    context.fillText(text, x, bottom + 5);
  }
  context.textAlign = 'left';
}
