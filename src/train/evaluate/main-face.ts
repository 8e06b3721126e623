import type { TrackedFace } from '../../ingest/index.js';

/**
 * Whose face a clip's label speaks of: the largest one at first, then the same person for as long as they are seen. Faces that are only carried on by their
 * motion are not looked at: nothing is seen of them.
 */
export class MainFace {
  private trackId: number | null = null;

  /** Null where no face is seen. */
  choose(faces: readonly TrackedFace[]): TrackedFace | null {
    const seen = faces.filter(({ evidence }) => evidence !== 'carried');
    const face = seen.find(({ trackId }) => trackId === this.trackId) ?? largest(seen);
    this.trackId = face?.trackId ?? this.trackId;
    return face;
  }
}

function largest(faces: readonly TrackedFace[]): TrackedFace | null {
  const area = ({ box }: TrackedFace): number => box.width * box.height;
  return faces.reduce<TrackedFace | null>((best, face) => (best === null || area(face) > area(best) ? face : best), null);
}
