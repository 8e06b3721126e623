import { findFaces } from '../../../ingest/index.js';
import type { FaceNets, Frame, FoundFace } from '../../../ingest/index.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';
import { faceCrop, wholeCrop } from './cut-crop.js';
import type { CropOrigin } from './sample-row.js';
import type { NoFace } from './settings.js';
import { isFaceCrop, plainView, roomyView } from './view.js';
import type { View } from './view.js';

/** Faces looked for in a roomy view, as shares of its side: first those that fill the picture, which is quick. */
const FILLING = 0.2;
const SMALLER = 0.07;

/** The crop of an image: its largest face, else what `noFace` says. */
export async function cropImage(
  picture: Frame,
  nets: FaceNets,
  { geometry, noFace }: { readonly geometry: CropGeometry; readonly noFace: NoFace },
): Promise<{ readonly origin: CropOrigin; readonly crop: Uint8Array | null }> {
  const landmarks = await findLargest(picture, nets);
  if (landmarks !== null) return { origin: 'detected', crop: faceCrop(picture, landmarks, geometry) };
  return noFace === 'whole'
    ? { origin: 'whole', crop: await wholeCrop(picture, geometry) }
    : { origin: 'none', crop: null };
}

/** The points of the largest face in pixels of the picture; null where there is none. */
export async function findLargest(picture: Frame, nets: FaceNets): Promise<FoundFace['landmarks'] | null> {
  const largestIn = async ({ frame, toPicture }: View, minSize?: number): Promise<FoundFace['landmarks'] | null> => {
    const [face] = await findFaces(frame, nets, minSize === undefined ? {} : { minSize });
    return face === undefined ? null : toPicture(face.landmarks);
  };
  if (!isFaceCrop(picture)) {
    const found = await largestIn(plainView(picture));
    if (found !== null) return found;
  }
  // A face may fill the picture: give it room.
  const roomy = await roomyView(picture);
  const side = Math.max(roomy.frame.width, roomy.frame.height);
  return (await largestIn(roomy, FILLING * side)) ?? (await largestIn(roomy, SMALLER * side));
}
