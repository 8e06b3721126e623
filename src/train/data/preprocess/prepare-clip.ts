import { FaceFollower } from '../../../ingest/index.js';
import type { FaceNets } from '../../../ingest/index.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';
import type { CropScratch } from './crop-scratch.js';
import { faceCrop } from './cut-crop.js';
import { mainFace } from './main-face.js';
import type { SeenFace } from './main-face.js';
import type { ReadFrame } from './read-frames.js';
import { isFaceCrop, plainView, roomyView } from './view.js';

/** The frames of a clip, each with its main person's place in the scratch. */
export interface ClipCrops {
  readonly frames: readonly { readonly index: number; readonly timestamp: number; readonly crop: number | null }[];
}

/**
 * Follows the faces of a clip as annotating does, cuts them all out, and says which belong to the person seen longest. A face that is not
 * seen and only carried on by its motion is none here: it may be hidden.
 */
export async function cropClip(
  frames: AsyncIterable<ReadFrame>,
  nets: FaceNets,
  geometry: CropGeometry,
  scratch: CropScratch,
  onFrame: () => void = () => undefined,
): Promise<ClipCrops> {
  const follower = new FaceFollower(nets);
  const read: { index: number; timestamp: number }[] = [];
  const seen: SeenFace[][] = [];
  scratch.clear();
  try {
    for await (const { index, timestamp, picture } of frames) {
      const faces: SeenFace[] = [];
      if (picture !== null) {
        const { frame, toPicture } = isFaceCrop(picture) ? await roomyView(picture) : plainView(picture);
        for (const { trackId, tracklet, tentative, evidence, box, landmarks } of await follower.update(frame)) {
          if (evidence === 'carried') continue;
          const crop = await scratch.add(faceCrop(picture, toPicture(landmarks), geometry));
          faces.push({ trackId, tracklet, tentative, area: box.width * box.height, crop });
        }
      }
      read.push({ index, timestamp });
      seen.push(faces);
      onFrame();
    }
  } finally {
    follower.dispose();
  }
  const crops = mainFace(seen);
  return { frames: read.map((frame, at) => ({ ...frame, crop: crops[at]! })) };
}
