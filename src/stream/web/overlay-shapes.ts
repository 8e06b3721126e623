import type { Box } from '../../ingest/face/align/geometry.js';
import { fitInto } from '../output/canvas-fit.js';
import type { Size } from '../output/canvas-fit.js';
import { expressionColour } from '../output/palette.js';
import type { LiveFace } from '../protocol/messages.js';
import { isAmbiguous, labelText } from './label-text.js';

/** A face as it is drawn: lengths in pixels of the view. */
export interface FaceShape {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** CSS colour. */
  readonly colour: string;
  /** The face could as well show something else. */
  readonly dashed: boolean;
  /** Only carried along: nothing was seen of it in this very frame. */
  readonly faint: boolean;
  readonly text: string;
}

/**
 * @param picture size of the frame that the boxes are pixels of
 * @param mirrored boxes change sides with the picture; their texts stay readable
 */
export function overlayShapes(faces: readonly LiveFace[], picture: Size, view: Size, mirrored: boolean): FaceShape[] {
  const { scale, x, y } = fitInto(picture, view);
  return faces.map((face) => {
    const { box } = face;
    const left = mirrored ? picture.width - box.x - box.width : box.x;
    return {
      x: x + left * scale,
      y: y + box.y * scale,
      width: box.width * scale,
      height: box.height * scale,
      colour: `#${expressionColour(face.label)}`,
      dashed: isAmbiguous(face),
      faint: face.evidence === 'carried',
      text: `${face.trackId}  ${labelText(face)}`,
    };
  });
}

/**
 * Where a label lies: above its box, or inside where there is no room; below the box, or at its lower edge, where another label is in the way; never out of the view.
 *
 * @param taken the labels that lie there already
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

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
