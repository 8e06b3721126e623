import type { Box } from '../../ingest/face/align/geometry.js';
import { fitInto } from '../output/canvas-fit.js';
import type { Size } from '../output/canvas-fit.js';
import { UNSURE_COLOUR as UNSURE, expressionColour } from '../results/palette.js';
import type { LiveFace } from '../protocol/messages.js';
import { isAmbiguous, labelText, ranked } from './posteriors.js';

/** Colour of faces whose result is not to be trusted. */
export const UNSURE_COLOUR = `#${UNSURE}`;
/** Expressions that a face's panel lists. */
const TOP = 3;

/** One line of a face's panel. */
export interface PanelRow {
  readonly label: string;
  /** 0..1 */
  readonly share: number;
  /** CSS color. */
  readonly colour: string;
}

/** A face as it is drawn: lengths in pixels of the view. */
export interface FaceShape extends Box {
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
    const colourOf = (label: string): string => (isSure ? `#${expressionColour(label)}` : UNSURE_COLOUR);
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
 * Where a one-line label goes: above its box, or inside without room above; below the box or at its lower edge if another label is in the way;
 * never out of the view.
 * @param taken places of other labels
 */
export function labelPlace(
  shape: Pick<FaceShape, 'x' | 'y' | 'height'>,
  label: Size,
  view: Size,
  taken: readonly Box[] = [],
): Box {
  const above = shape.y - label.height;
  const below = shape.y + shape.height;
  const places = [above >= 0 ? above : Math.max(0, shape.y), below, below - label.height].map((y) => ({
    x: Math.max(0, Math.min(shape.x, view.width - label.width)),
    y: Math.max(0, Math.min(y, view.height - label.height)),
    ...label,
  }));
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
