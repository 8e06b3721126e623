import { expressionColour } from '../results/palette.js';
import { TIMELINE_SECONDS, dominantStretches, unbroken } from './timeline.js';
import type { TimelinePoint } from './timeline.js';

/** Height of the time axis in CSS pixels. */
const AXIS = 18;
const TICK_SECONDS = 10;
/** Height of the strip that marks unsure results. */
const STRIP = 5;
const FONT = '11px system-ui, sans-serif';

export interface TimelineView {
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
  drawUnsure(context, points, at);
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

/** A dark strip along the top where results are unsure. */
function drawUnsure(
  context: CanvasRenderingContext2D,
  points: readonly TimelinePoint[],
  at: (time: number) => number,
): void {
  context.fillStyle = '#3a424d';
  points.forEach(({ time, trust = 'sure' }, k) => {
    const next = points[k + 1]?.time ?? time;
    if (trust !== 'sure' && next - time < 1) context.fillRect(at(time), 0, at(next) - at(time) + 1, STRIP);
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
