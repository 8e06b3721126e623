import type { Frame } from '../frame.js';
import { type Box, type Point, sizeOf, squareAround, windowOfLandmarks } from './align/geometry.js';
import type { Detection, FaceDetector } from './detect/detector.js';
import { QUARTER_TURNS, type QuarterTurn, type Rotation, nearestQuarter, quarterFor } from './detect/quarter-turn.js';
import type { FaceNets } from './face-nets.js';
import { refineLandmarks } from './track/sightings.js';
import { onSameFace } from './track/match.js';
import type { FaceMatch } from './track/match.js';
import type { Track } from './track/track.js';
import { FaceVerifier } from './verify/face-verifier.js';

/** A face in a single picture. */
export interface FoundFace {
  /** Pixels of the frame. */
  readonly box: Box;
  /** 0..1, on the detector's scale. */
  readonly score: number;
  /** The 68 points of the iBUG scheme. */
  readonly landmarks: readonly Point[];
}

/** What to look for, as in `FaceOptions`. */
interface FindFacesOptions {
  /** Smallest side of a face's box in pixels of the frame; 20 by default. */
  readonly minSize?: number;
  /** Faces at most, the largest first; no limit by default. */
  readonly maxFaces?: number;
}

/**
 * The verified faces of a single picture, largest first: as `FaceFollower` finds them in a frame, without re-identification. Other ways up are
 * searched only where no face is upright: data sets want the main face.
 */
export async function findFaces(
  frame: Frame,
  nets: FaceNets,
  { minSize = 20, maxFaces = Infinity }: FindFacesOptions = {},
): Promise<FoundFace[]> {
  const { detector } = nets;
  const verifier = new FaceVerifier(nets, { minScore: detector.scores.high, minSize });
  const search = new FaceSearch(detector, minSize);
  const searches = [() => search.whole(frame, [], true), () => search.coarse(frame), () => search.turned(frame)];
  let matches: FaceMatch[] = [];
  for (const find of searches)
    if (matches.length === 0) matches = await verifier.verifyNewcomers(frame, await find(), []);
  const sightings = await refineLandmarks(frame, nets.landmarks, matches);
  // In a video the next frame's points are searched at the place of this one's, which is steadier than around a detection.
  const landmarks = await nets.landmarks.locate(
    frame,
    sightings.map((sighting) => windowOfLandmarks(sighting.landmarks)),
  );
  return sightings
    .map(({ box, score }, i) => ({ box, score, landmarks: landmarks[i]! }))
    .sort((a, b) => sizeOf(b.box) - sizeOf(a.box))
    .slice(0, maxFaces);
}

/** Faces smaller than those already followed are searched for at least this often: in seconds, and in detections. */
const FULL_SEARCH_SECONDS = 1;
const FULL_SEARCH_DETECTIONS = 12;
/** Beside known faces one other way up is searched at a time, in every n-th detection, however far apart frames are. */
const TURNED_DETECTIONS = 4;
/** A missing face is searched for in a square this many times as large. */
const SEARCH_AREA = 2.5;

/** Where, how closely and which way up the detector searches the frames of one video. */
export class FaceSearch {
  private lastFull = -Infinity;
  private sinceFull = 0;
  private lastTurned = -Infinity;
  private sinceTurned = 0;
  private nextTurned = 0;
  /** The way up of the faces seen last. */
  private quarter: QuarterTurn;

  /**
   * @param minSize smallest side of a face's box in pixels of the frame
   * @param rotation search only this way up
   */
  constructor(
    private readonly detector: FaceDetector,
    private readonly minSize: number,
    private readonly rotation: Rotation = 'auto',
  ) {
    this.quarter = rotation === 'auto' ? 0 : quarterFor(rotation);
  }

  /** After a cut, search fully again. */
  forget(): void {
    this.lastFull = -Infinity;
    this.lastTurned = -Infinity;
  }

  /**
   * Detections in the whole frame, at the resolution that the known faces and the time since the last full search require.
   * @param calm no known face is in doubt
   */
  async whole(frame: Frame, tracks: readonly Track[], calm: boolean): Promise<Detection[]> {
    const recent = frame.timestamp - this.lastFull < FULL_SEARCH_SECONDS && ++this.sinceFull < FULL_SEARCH_DETECTIONS;
    if (tracks.length > 0 && calm && recent)
      return this.detect(frame, Math.min(...tracks.map(({ box }) => sizeOf(box))), this.quartersOf(tracks));
    this.lastFull = frame.timestamp;
    this.sinceFull = 0;
    return this.detect(frame, this.minSize, this.quartersOf(tracks));
  }

  /** An enlarged search around the place where a face is missing; finds nothing that is on one of the faces in `known`. */
  async near(frame: Frame, box: Box, track: Track, known: readonly Box[]): Promise<Detection[]> {
    const search = { region: squareAround(box, SEARCH_AREA), smallest: sizeOf(box) / 2 };
    const detections = await this.detector.detect(frame, { ...search, quarter: nearestQuarter(track.roll) });
    return detections.filter((detection) => !known.some((other) => onSameFace(other, detection.box)));
  }

  /** For frames without a face: noise, and faces that fill the frame, show better in a smaller picture. */
  async coarse(frame: Frame): Promise<Detection[]> {
    return this.detector.adjustable ? this.detect(frame, Infinity, [this.quarter]) : [];
  }

  /**
   * Faces on their side or upside down. The first frame of a shot is searched for all of them; later frames once in a while, where `isEmpty`
   * (no face is known) for all, else for one way up after the other.
   */
  async turned(frame: Frame, isEmpty = true): Promise<Detection[]> {
    if (this.rotation !== 'auto') return [];
    const others = QUARTER_TURNS.filter((quarter) => quarter !== this.quarter);
    this.sinceTurned++;
    const isFirst = this.lastTurned === -Infinity;
    const isDue = isEmpty
      ? frame.timestamp - this.lastTurned >= FULL_SEARCH_SECONDS || this.sinceTurned >= FULL_SEARCH_DETECTIONS
      : this.sinceTurned >= TURNED_DETECTIONS;
    if (!isFirst && !isDue) return [];
    this.lastTurned = frame.timestamp;
    this.sinceTurned = 0;
    const quarters = isFirst || isEmpty ? others : [others[this.nextTurned++ % others.length]!];
    return this.detect(frame, this.minSize, quarters);
  }

  private quartersOf(tracks: readonly Track[]): QuarterTurn[] {
    if (this.rotation !== 'auto') return [this.quarter];
    const quarters = new Set(tracks.map(({ roll }) => nearestQuarter(roll)));
    const [largest] = [...tracks].sort((a, b) => sizeOf(b.box) - sizeOf(a.box));
    if (largest !== undefined) this.quarter = nearestQuarter(largest.roll);
    return quarters.size === 0 ? [this.quarter] : [...quarters];
  }

  private async detect(frame: Frame, smallest: number, quarters: readonly QuarterTurn[]): Promise<Detection[]> {
    const detections: Detection[] = [];
    for (const quarter of quarters) detections.push(...(await this.detector.detect(frame, { smallest, quarter })));
    if (quarters.length === 1) return detections;
    // A face found in several turned pictures counts where it is found best.
    const best: Detection[] = [];
    for (const detection of detections.sort((a, b) => b.score - a.score))
      if (!best.some((other) => onSameFace(other.box, detection.box))) best.push(detection);
    return best;
  }
}
