import { expressionColour } from '../output/palette.js';
import { TIMELINE_SECONDS, dominantStretches, unbroken } from './timeline.js';
import type { TimelinePoint } from './timeline.js';

/** Height of the line that names what dominates, in CSS pixels. */
const NAMES = 16;

/** Posteriors stacked over the last 30 seconds, now at the right; below, the names of what dominates. */
export function drawTimeline(
  canvas: HTMLCanvasElement,
  points: readonly TimelinePoint[],
  labels: readonly string[],
  now: number,
): void {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const context = canvas.getContext('2d')!;
  const size = { width: Math.round(width * devicePixelRatio), height: Math.round(height * devicePixelRatio) };
  if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size);
  context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  context.clearRect(0, 0, width, height);
  const at = (time: number): number => width * (1 - (now - time) / TIMELINE_SECONDS);
  for (const stretch of unbroken(points)) drawStack(context, stretch, labels, at, height - NAMES);
  context.fillStyle = getComputedStyle(canvas).color;
  context.font = '11px system-ui, sans-serif';
  context.textBaseline = 'bottom';
  for (const { label, start, end } of dominantStretches(points)) {
    const left = Math.max(0, at(start));
    context.fillRect(left, height - NAMES + 1, 1, 4);
    if (context.measureText(label).width + 4 < at(end) - left) context.fillText(label, left + 3, height);
  }
}

/** One area per label, each on top of the ones before. */
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
