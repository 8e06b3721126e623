import { FaceFollower } from '../../../ingest/face/face-follower.js';
import type { FaceNets } from '../../../ingest/face/face-nets.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';
import { cropFlaw } from './crop-check.js';
import type { CropFlaw } from './crop-check.js';
import { faceCrop, isFaceCrop, plainView, roomyView } from './crop-image.js';
import { mainFace } from './main-face.js';
import type { SeenFace } from './main-face.js';
import type { ReadFrame } from './read-frames.js';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** The frames of a clip, each with its main person's place in the scratch. */
export interface ClipCrops {
  readonly frames: readonly {
    readonly index: number;
    readonly timestamp: number;
    readonly crop: number | null;
    readonly flaw: CropFlaw | null;
  }[];
}

/**
 * Follows the faces of a clip as annotating does, cuts them all out, and says which belong to the person seen longest. A coasted face does not
 * count: it may be hidden.
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
  // By place in the scratch.
  const flaws: (CropFlaw | null)[] = [];
  scratch.clear();
  try {
    for await (const { index, timestamp, picture } of frames) {
      const faces: SeenFace[] = [];
      if (picture !== null) {
        const { frame, toPicture } = isFaceCrop(picture) ? await roomyView(picture) : plainView(picture);
        for (const { trackId, tracklet, tentative, provisional, evidence, box, landmarks } of await follower.update(
          frame,
        )) {
          if (evidence === 'coasted') continue;
          const points = toPicture(landmarks);
          const cut = faceCrop(picture, points, geometry);
          const crop = await scratch.add(cut);
          flaws[crop] = cropFlaw(points, picture, cut, geometry);
          faces.push({ trackId, tracklet, tentative, provisional, area: box.width * box.height, crop });
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
  return {
    frames: read.map((frame, at) => {
      const crop = crops[at] ?? null;
      return { ...frame, crop, flaw: crop === null ? null : flaws[crop]! };
    }),
  };
}

/**
 * The cut-out faces of one clip, until it is known which of them are wanted: on disk, as a long clip with several people in it has more of
 * them than fit into memory. The file lies in the prepared folder and is overwritten by the next clip.
 */
export class CropScratch {
  private count = 0;

  private constructor(
    private readonly file: FileHandle,
    private readonly length: number,
  ) {}

  /** @param length bytes of a crop */
  static async open(path: string, length: number): Promise<CropScratch> {
    return new CropScratch(await open(path, 'w+'), length);
  }

  /** Forgets everything. */
  clear(): void {
    this.count = 0;
  }

  /** Returns the crop's place. */
  async add(crop: Uint8Array): Promise<number> {
    await this.file.write(crop, 0, this.length, this.count * this.length);
    this.count += 1;
    return this.count - 1;
  }

  async *read(places: readonly number[]): AsyncGenerator<Uint8Array> {
    for (const place of places) {
      const crop = new Uint8Array(this.length);
      await this.file.read(crop, 0, this.length, place * this.length);
      yield crop;
    }
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}
