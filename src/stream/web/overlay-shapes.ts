import { expressionColour } from '../output/palette.js';
import type { LiveFace } from '../protocol/index.js';
import { isAmbiguous, labelText } from './label-text.js';
import type { Size } from './picture-size.js';

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

/** Where a picture lies in a view: as large as fits, in the middle. */
export interface Placing {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export function placePicture(picture: Size, view: Size): Placing {
  const scale = Math.min(view.width / picture.width, view.height / picture.height);
  return { scale, x: (view.width - picture.width * scale) / 2, y: (view.height - picture.height * scale) / 2 };
}

/**
 * @param picture size of the frame that the boxes are pixels of
 * @param mirrored boxes change sides with the picture; their texts stay readable
 */
export function overlayShapes(faces: readonly LiveFace[], picture: Size, view: Size, mirrored: boolean): FaceShape[] {
  const { scale, x, y } = placePicture(picture, view);
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

/** The top left corner of a label: above its box, or inside where there is no room; never out of the view. */
export function labelPlace(shape: Pick<FaceShape, 'x' | 'y'>, label: Size, view: Size): { readonly x: number; readonly y: number } {
  const above = shape.y - label.height;
  const y = above >= 0 ? above : Math.max(0, shape.y);
  return { x: Math.max(0, Math.min(shape.x, view.width - label.width)), y: Math.max(0, Math.min(y, view.height - label.height)) };
}
