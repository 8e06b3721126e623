import type { TrackedFace } from '../../../ingest/face/track/tracked-face.js';

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
      // Nobody is in a frame twice: the sure one counts.
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
