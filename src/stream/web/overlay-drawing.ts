import type { Box } from '../../ingest/face/align/geometry.js';
import type { Size } from '../output/canvas-fit.js';
import { percent } from './posteriors.js';
import { labelPlace, panelPlace } from './overlay-shapes.js';
import type { FaceShape } from './overlay-shapes.js';

const GLASS = 'rgb(13 17 23 / 0.82)';
const DARK = '#0d1117';
/** Faces beyond this many get one line each instead of a panel. */
const MAX_PANELS = 4;

/** Draws boxes first, then all labels, so that no box crosses a label. */
export function drawOverlay(context: CanvasRenderingContext2D, shapes: readonly FaceShape[], view: Size): void {
  const font = Math.max(11, Math.min(18, Math.round(view.width / 54)));
  for (const shape of shapes) drawBox(context, shape, font);
  const panel = { width: font * 11, height: font * 5.8 };
  const taken: Box[] = [...shapes];
  const lines: FaceShape[] = [];
  for (const shape of shapes) {
    const others = taken.filter((box) => box !== shape);
    const place = shapes.length > MAX_PANELS ? null : panelPlace(shape, panel, view, font * 3, others);
    if (place === null) lines.push(shape);
    else {
      drawPanel(context, shape, place, font);
      taken.push(place);
    }
  }
  const labels = taken.slice(shapes.length);
  for (const shape of lines) labels.push(drawLine(context, shape, view, labels, font));
}

function drawBox(context: CanvasRenderingContext2D, shape: FaceShape, font: number): void {
  const { x, y, width, height, colour, dashed, faint } = shape;
  const line = Math.max(2, font / 5);
  context.save();
  context.globalAlpha = faint ? 0.5 : 1;
  context.lineJoin = 'round';
  // A dark line below the coloured one: visible on any picture.
  for (const [stroke, lineWidth] of [['rgb(0 0 0 / 0.55)', line + 3] as const, [colour, line] as const]) {
    context.setLineDash(dashed ? [font * 0.6, font * 0.45] : []);
    context.strokeStyle = stroke;
    context.lineWidth = lineWidth;
    context.beginPath();
    context.roundRect(x, y, width, height, font * 0.7);
    context.stroke();
  }
  context.restore();
}

/** The top expressions, each with a bar. */
function drawPanel(context: CanvasRenderingContext2D, shape: FaceShape, place: Box, font: number): void {
  const { x, y, width, height } = place;
  const [padding, row] = [font * 0.65, (height - font * 0.7) / shape.rows.length];
  context.save();
  fillRounded(context, place, font * 0.6, GLASS);
  context.textBaseline = 'alphabetic';
  shape.rows.forEach(({ label, share, colour }, index) => {
    const bottom = y + font * 0.35 + row * (index + 1);
    const text = index === 0 && shape.badge.endsWith('?') ? `? ${label}` : label;
    context.fillStyle = index === 0 ? '#fff' : '#d5dbe2';
    context.font = `${index === 0 ? 650 : 450} ${font}px system-ui, sans-serif`;
    context.fillText(text, x + padding, bottom - font * 0.6, width - 2 * padding - font * 3.2);
    context.textAlign = 'right';
    context.fillText(percent(share), x + width - padding, bottom - font * 0.6);
    context.textAlign = 'left';
    const bar = { x: x + padding, y: bottom - font * 0.38, width: width - 2 * padding, height: font * 0.2 };
    fillRounded(context, bar, bar.height / 2, 'rgb(255 255 255 / 0.2)');
    fillRounded(context, { ...bar, width: Math.max(bar.height, bar.width * share) }, bar.height / 2, colour);
  });
  drawBadge(context, shape, font);
  context.restore();
}

/** The id, on the corner of the box. */
function drawBadge(context: CanvasRenderingContext2D, { x, y, badge, colour }: FaceShape, font: number): void {
  const size = font * 0.85;
  context.font = `700 ${size}px system-ui, sans-serif`;
  const width = Math.max(size * 1.6, context.measureText(badge).width + size * 0.9);
  fillRounded(context, { x, y, width, height: size * 1.6 }, font * 0.5, colour);
  context.fillStyle = DARK;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(badge, x + width / 2, y + size * 0.85);
}

/** Id and label in one line. @returns its box */
function drawLine(
  context: CanvasRenderingContext2D,
  shape: FaceShape,
  view: Size,
  taken: readonly Box[],
  font: number,
): Box {
  const padding = font * 0.5;
  context.save();
  context.font = `600 ${font}px system-ui, sans-serif`;
  const label = { width: context.measureText(shape.text).width + 2 * padding + 4, height: font + 2 * padding };
  const place = labelPlace(shape, label, view, taken);
  fillRounded(context, place, font * 0.4, GLASS);
  context.fillStyle = shape.colour;
  context.fillRect(place.x, place.y + padding / 2, 4, label.height - padding);
  context.fillStyle = '#fff';
  context.textBaseline = 'middle';
  context.fillText(shape.text, place.x + padding + 4, place.y + label.height / 2 + 1);
  context.restore();
  return place;
}

function fillRounded(
  context: CanvasRenderingContext2D,
  { x, y, width, height }: Box,
  radius: number,
  colour: string,
): void {
  context.fillStyle = colour;
  context.beginPath();
  context.roundRect(x, y, width, height, radius);
  context.fill();
}
