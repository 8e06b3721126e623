import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { writeAt } from '../../../files/atomic-file.js';
import { writeError } from '../../../files/write-error.js';
import { FaceFollower } from '../../../ingest/face/face-follower.js';
import type { FaceNets } from '../../../ingest/face/face-nets.js';
import type { TrackedFace } from '../../../ingest/face/track/track.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';
import { faceCrop, inPicture, isFaceCrop, plainView, roomyView, wholeCrop } from './crop-image.js';
import type { ReadFrame } from './read-frames.js';
import { cropFlaw } from './sample-row.js';
import type { CropFlaw } from './sample-row.js';

/** A face seen in a frame of a clip, and which of the clip's cut-out faces it is. */
export interface SeenFace extends Pick<TrackedFace, 'trackId' | 'tracklet' | 'tentative' | 'provisional'> {
  /** Pixels of the frame. */
  readonly area: number;
  readonly crop: number;
}

/**
 * The person whose expression a clip's label describes: the person who is seen in most frames; of two that are seen equally often, the larger one on
 * the mean. As when annotating, a doubtful face counts from its first frame on once the same stretch of following is confirmed, and not if it never is.
 * @param frames the faces of each frame, in order of time
 * @returns the crop of that person for each frame, null where they are not seen
 */
export function mainFace(frames: readonly (readonly SeenFace[])[]): (number | null)[] {
  const people = new Map<number, (SeenFace | null)[]>();
  for (const [at, faces] of confirmed(frames).entries()) {
    for (const face of faces) {
      const own = people.get(face.trackId) ?? frames.map(() => null);
      people.set(face.trackId, own);
      const twin = own[at] ?? null;
      // No person is in a frame twice: the more certain face counts.
      if (twin === null || (twin.tentative && !face.tentative)) own[at] = face;
    }
  }
  const candidates = [...people].map(([id, own]) => {
    const seen = own.filter((face) => face !== null);
    return { id, own, frames: seen.length, area: seen.reduce((sum, { area }) => sum + area, 0) / seen.length };
  });
  candidates.sort((a, b) => b.frames - a.frames || b.area - a.area || a.id - b.id);
  return candidates[0]?.own.map((face) => face?.crop ?? null) ?? frames.map(() => null);
}

/** The faces of each frame, without those that were never confirmed; doubtful ones under the id that the confirmation gave them. */
function confirmed(frames: readonly (readonly SeenFace[])[]): SeenFace[][] {
  const ids = new Map<number, number>();
  return [...frames]
    .reverse()
    .map((faces) =>
      faces.flatMap((face) => {
        const isDecided = !face.provisional || !ids.has(face.tracklet);
        if (!face.tentative && isDecided) ids.set(face.tracklet, face.trackId);
        const trackId = ids.get(face.tracklet);
        return trackId === undefined ? [] : [{ ...face, trackId }];
      }),
    )
    .reverse();
}

/** The frames of a clip, each with its main person's place in the scratch. */
interface ClipCrops {
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
  try {
    for await (const { index, timestamp, picture } of frames) {
      const faces: SeenFace[] = [];
      if (picture !== null) {
        const view = isFaceCrop(picture) ? await roomyView(picture) : plainView(picture);
        for (const face of await follower.update(view.frame)) {
          const { trackId, tracklet, tentative, provisional, evidence, box } = face;
          if (evidence === 'coasted') continue;
          const pictured = inPicture(face, view);
          const cut = faceCrop(picture, pictured.landmarks, geometry);
          const crop = await scratch.add(cut);
          flaws[crop] = cropFlaw(pictured, picture, cut, geometry);
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

/** The pictures of a clip that are aligned faces already, each as a whole. */
export async function wholeClip(
  frames: AsyncIterable<ReadFrame>,
  geometry: CropGeometry,
  scratch: CropScratch,
  onFrame: () => void = () => undefined,
): Promise<ClipCrops> {
  const read: ClipCrops['frames'][number][] = [];
  for await (const { index, timestamp, picture } of frames) {
    const crop = picture === null ? null : await scratch.add(await wholeCrop(picture, geometry));
    read.push({ index, timestamp, crop, flaw: null });
    onFrame();
  }
  return { frames: read };
}

/**
 * The cut-out faces of one clip, until it is known which of them are wanted: on disk, as a long clip with several people in it has more of
 * them than fit into memory.
 */
export class CropScratch {
  private count = 0;

  private constructor(
    private readonly path: string,
    private readonly file: FileHandle,
    private readonly length: number,
  ) {}

  /**
   * @param length bytes of a crop
   * @throws FerError OUTPUT_UNWRITABLE, here and in `add`
   */
  static async open(path: string, length: number): Promise<CropScratch> {
    try {
      return new CropScratch(path, await open(path, 'w'), length);
    } catch (error) {
      throw writeError(path, error);
    }
  }

  /** Returns the crop's place. */
  async add(crop: Uint8Array): Promise<number> {
    await writeAt(this.file, crop.subarray(0, this.length), this.count * this.length).catch((error: unknown) => {
      throw writeError(this.path, error);
    });
    this.count += 1;
    return this.count - 1;
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

/** Reads crops back, in the order of their places. @param length bytes of a crop */
export async function* readScratch(
  path: string,
  places: readonly number[],
  length: number,
): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r');
  try {
    for (const place of places) {
      const crop = new Uint8Array(length);
      await file.read(crop, 0, length, place * length);
      yield crop;
    }
  } finally {
    await file.close();
  }
}
