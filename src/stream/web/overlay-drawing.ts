import type { Box } from '../../ingest/face/align/geometry.js';
import { fitInto } from '../output/canvas-fit.js';
import type { Size } from '../output/canvas-fit.js';
import type { LiveFace } from '../protocol/messages.js';
import { UNSURE_COLOUR, expressionColour } from '../results/palette.js';
import { isAmbiguous, labelText, percent, ranked } from './posteriors.js';

/** Expressions that a face's panel lists. */
const TOP = 3;

/** One line of a face's panel. */
interface PanelRow {
  readonly label: string;
  /** 0..1 */
  readonly share: number;
  /** CSS color. */
  readonly colour: string;
}

/** A face as it is drawn: lengths in pixels of the view. */
interface FaceShape extends Box {
  /** CSS color. */
  readonly colour: string;
  /** The runner-up comes close. */
  readonly dashed: boolean;
  /** The face was only coasted; nothing of it was seen in this frame. */
  readonly faint: boolean;
  /** One line: id and label. */
  readonly text: string;
  /** Short: "1", or "1 ?" when unsure. */
  readonly badge: string;
  /** The top expressions. */
  readonly rows: readonly PanelRow[];
}

/**
 * @param picture size of the frame; boxes are in its pixels
 * @param mirrored mirrors the boxes with the picture; text stays readable
 */
export function overlayShapes(faces: readonly LiveFace[], picture: Size, view: Size, mirrored: boolean): FaceShape[] {
  const { scale, x, y } = fitInto(picture, view);
  return faces.map((face) => {
    const { box } = face;
    const left = mirrored ? picture.width - box.x - box.width : box.x;
    const isSure = face.trust === 'sure';
    const colourOf = (label: string): string => `#${isSure ? expressionColour(label) : UNSURE_COLOUR}`;
    return {
      x: x + left * scale,
      y: y + box.y * scale,
      width: box.width * scale,
      height: box.height * scale,
      colour: colourOf(face.label),
      dashed: isAmbiguous(face),
      faint: face.evidence === 'coasted',
      text: `${face.trackId}  ${labelText(face)}`,
      badge: `${face.trackId}${isSure ? '' : ' ?'}`,
      rows: ranked(face.probabilities)
        .slice(0, TOP)
        .map(({ label, probability }) => ({ label, share: probability, colour: colourOf(label) })),
    };
  });
}

/**
 * Where a one-line label goes: above its box, or inside without room above; below the box or at its lower edge if another label is in the way, else
 * in the nearest free row; never out of the view.
 * @param top height at the top of the view that stays free, for the page's status
 * @param taken places of other labels
 */
export function labelPlace(
  shape: Pick<FaceShape, 'x' | 'y' | 'height'>,
  label: Size,
  view: Size,
  top = 0,
  taken: readonly Box[] = [],
): Box {
  const above = shape.y - label.height;
  const below = shape.y + shape.height;
  const lowest = Math.max(0, view.height - label.height);
  const at = (y: number): Box => ({
    x: Math.max(0, Math.min(shape.x, view.width - label.width)),
    y: Math.min(lowest, Math.max(top, y)),
    ...label,
  });
  const first = above >= top ? above : shape.y;
  const rows = Array.from({ length: Math.ceil(view.height / label.height) }, (_, i) => (i + 1) * label.height);
  const places = [first, below, below - label.height, ...rows.flatMap((away) => [first - away, first + away])].map(at);
  return places.find((place) => !taken.some((other) => overlap(place, other))) ?? places[0]!;
}

/**
 * Where a panel goes: left or right of its box, the side with more room first, or above or below; null if it would always cover something.
 * @param top height at the top of the view that stays free, for the page's status
 * @param taken other boxes, panels and labels
 */
export function panelPlace(box: Box, panel: Size, view: Size, top: number, taken: readonly Box[]): Box | null {
  const gap = 8;
  const y = Math.max(top, Math.min(box.y, view.height - panel.height - gap));
  const right = { x: box.x + box.width + gap, y, ...panel };
  const left = { x: box.x - panel.width - gap, y, ...panel };
  const x = Math.max(gap, Math.min(box.x + (box.width - panel.width) / 2, view.width - panel.width - gap));
  const above = { x, y: box.y - panel.height - gap, ...panel };
  const below = { x, y: box.y + box.height + gap, ...panel };
  const beside = view.width - box.x - box.width >= box.x ? [right, left] : [left, right];
  return (
    [...beside, above, below].find(
      (place) => place.y >= top && isInside(place, view) && !taken.some((other) => overlap(place, other)),
    ) ?? null
  );
}

function isInside({ x, y, width, height }: Box, view: Size): boolean {
  return x >= 0 && y >= 0 && x + width <= view.width && y + height <= view.height;
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

const GLASS = 'rgb(13 17 23 / 0.82)';
const DARK = '#0d1117';
/** Faces beyond this many get one line each instead of a panel. */
const MAX_PANELS = 4;

/** Draws boxes first, then all labels, so that no box crosses a label. */
export function drawOverlay(context: CanvasRenderingContext2D, shapes: readonly FaceShape[], view: Size): void {
  const font = Math.max(11, Math.min(18, Math.round(view.width / 54)));
  const top = font * 3;
  for (const shape of shapes) drawBox(context, shape, font);
  const panel = { width: font * 11, height: font * 5.8 };
  const taken: Box[] = [...shapes];
  const lines: FaceShape[] = [];
  for (const shape of shapes) {
    const others = taken.filter((box) => box !== shape);
    const place = shapes.length > MAX_PANELS ? null : panelPlace(shape, panel, view, top, others);
    if (place === null) lines.push(shape);
    else {
      drawPanel(context, shape, place, view, font);
      taken.push(place);
    }
  }
  const labels = taken.slice(shapes.length);
  for (const shape of lines) labels.push(drawLine(context, shape, view, top, labels, font));
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
function drawPanel(context: CanvasRenderingContext2D, shape: FaceShape, place: Box, view: Size, font: number): void {
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
  drawBadge(context, shape, view, font);
  context.restore();
}

/** The id, on the corner of the box, as far as that is in the view. */
function drawBadge(context: CanvasRenderingContext2D, shape: FaceShape, view: Size, font: number): void {
  const { badge, colour } = shape;
  const size = font * 0.85;
  context.font = `700 ${size}px system-ui, sans-serif`;
  const width = Math.max(size * 1.6, context.measureText(badge).width + size * 0.9);
  const height = size * 1.6;
  const x = Math.max(0, Math.min(shape.x, view.width - width));
  const y = Math.max(0, Math.min(shape.y, view.height - height));
  fillRounded(context, { x, y, width, height }, font * 0.5, colour);
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
  top: number,
  taken: readonly Box[],
  font: number,
): Box {
  const padding = font * 0.5;
  context.save();
  context.font = `600 ${font}px system-ui, sans-serif`;
  const label = { width: context.measureText(shape.text).width + 2 * padding + 4, height: font + 2 * padding };
  const place = labelPlace(shape, label, view, top, taken);
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
