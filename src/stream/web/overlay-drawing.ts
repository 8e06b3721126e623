import type { Box } from '../../ingest/face/align/geometry.js';
import type { Size } from '../output/canvas-fit.js';
import { labelPlace } from './overlay-shapes.js';
import type { FaceShape } from './overlay-shapes.js';

const FONT = 15;
const PADDING = 6;
const DASHES = [9, 6];

/** Boxes first, then all labels, so that no box crosses a label. */
export function drawOverlay(context: CanvasRenderingContext2D, shapes: readonly FaceShape[], view: Size): void {
  for (const shape of shapes) drawBox(context, shape);
  const labels: Box[] = [];
  for (const shape of shapes) labels.push(drawLabel(context, shape, view, labels));
}

function drawBox(context: CanvasRenderingContext2D, { x, y, width, height, colour, dashed, faint }: FaceShape): void {
  context.save();
  context.globalAlpha = faint ? 0.5 : 1;
  context.lineJoin = 'round';
  // A dark line below the coloured one: visible on any picture.
  for (const [stroke, lineWidth] of [['rgb(0 0 0 / 0.65)', 6] as const, [colour, 3] as const]) {
    context.setLineDash(dashed ? DASHES : []);
    context.strokeStyle = stroke;
    context.lineWidth = lineWidth;
    context.strokeRect(x, y, width, height);
  }
  context.restore();
}

/** @returns where the label lies */
function drawLabel(context: CanvasRenderingContext2D, shape: FaceShape, view: Size, taken: readonly Box[]): Box {
  context.save();
  context.font = `600 ${FONT}px system-ui, sans-serif`;
  const label = { width: context.measureText(shape.text).width + 2 * PADDING + 4, height: FONT + 2 * PADDING };
  const place = labelPlace(shape, label, view, taken);
  const { x, y } = place;
  context.fillStyle = 'rgb(16 20 26 / 0.86)';
  context.fillRect(x, y, label.width, label.height);
  context.fillStyle = shape.colour;
  context.fillRect(x, y, 4, label.height);
  context.fillStyle = '#fff';
  context.textBaseline = 'middle';
  context.fillText(shape.text, x + PADDING + 4, y + label.height / 2 + 1);
  context.restore();
  return place;
}
