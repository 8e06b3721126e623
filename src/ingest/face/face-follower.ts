import type { Frame } from '../frame.js';
import type { Detection } from './detect/detector.js';
import type { FaceNets } from './face-nets.js';
import { followFaces } from './track/follow.js';
import { type Box, sizeOf, squareAround } from './align/geometry.js';
import { faceQuality } from './align/face-quality.js';
import { SceneCuts } from './track/scene-cut.js';
import { CLEARLY_PRESENT, FaceVerifier } from './verify/face-verifier.js';
import { refineLandmarks } from './track/landmark-refinement.js';
import type { Sighting, Track } from './track/track.js';
import type { TrackedFace } from './track/tracked-face.js';
import { type FaceMatch, isOccupied, matchFaces, onSameFace } from './track/match.js';
import { type NewTrack, ReIdentifier } from './re-identify/re-identification.js';

/** What to look for, and how often. */
export interface FaceOptions {
  /** Detect in every n-th frame and follow in between; 1 (the default) detects in every frame. */
  readonly detectEvery?: number;
  /** Smallest side of a face's box in pixels of the frame; 20 by default. */
  readonly minSize?: number;
  /** Least score, on the detector's scale, for a new face; the detector's own by default. */
  readonly minScore?: number;
  /** Faces followed at the same time; `MAX_FACES` by default. */
  readonly maxFaces?: number;
}

/** Faces followed at the same time unless told otherwise: the same for cutting training clips as for annotating. */
export const MAX_FACES = 20;

/** Seconds for which a face that is not seen coasts on its motion. */
const COAST_SECONDS = 0.5;
/** An unconfirmed face that is not seen for this long is dropped. */
const DOUBTFUL_SECONDS = 0.15;
/** A gap in the footage of this many seconds counts as a cut. */
const LONGEST_GAP = 1;
/** Faces smaller than those already followed are searched for at least this often: in seconds, and in detections. */
const FULL_SEARCH_SECONDS = 1;
const FULL_SEARCH_DETECTIONS = 12;
/** A missing face is searched for in a square this many times as large. */
const SEARCH_AREA = 2.5;
/** Similarity to the last patch that is enough where the presence network confirms the face. */
const VAGUELY_SIMILAR = 0.25;

/**
 * Finds, follows and re-identifies the faces of one video. Feed it every frame, in order. Its memory is bounded.
 */
export class FaceFollower {
  private readonly options: Required<FaceOptions>;
  private readonly cuts = new SceneCuts();
  private readonly reIdentifier: ReIdentifier;
  private readonly verifier: FaceVerifier;
  private tracks: Track[] = [];
  private last: { readonly time: number; readonly width: number; readonly height: number } | null = null;
  private sinceDetection = 0;
  private lastFullSearch = -Infinity;
  private detectionsSinceFull = 0;

  /** @param nets stay the caller's: dispose them when no follower needs them any more */
  constructor(
    private readonly nets: FaceNets,
    options: FaceOptions = {},
  ) {
    this.options = {
      detectEvery: options.detectEvery ?? 1,
      minSize: options.minSize ?? 20,
      minScore: options.minScore ?? nets.detector.scores.high,
      maxFaces: options.maxFaces ?? MAX_FACES,
    };
    this.reIdentifier = new ReIdentifier(nets.embedding);
    this.verifier = new FaceVerifier(nets.presence, nets.detector.scores);
  }

  /** The faces of the next frame, ordered by track id. Await one call before the next. */
  async update(frame: Frame): Promise<TrackedFace[]> {
    const cut = this.isNewShot(frame);
    if (cut) this.loseAll(frame.timestamp);
    const seen = (await this.tryFollowing(frame, cut)) ?? (await this.detect(frame));
    this.updateTracks(seen, frame.timestamp);
    await this.reIdentifier.tellApart(frame, this.tracks);
    await this.reIdentifier.learn(frame, this.tracks);
    return this.tracks
      .filter((track) => track.confirmed || track.evidence !== 'carried')
      .map(toTrackedFace)
      .sort((a, b) => a.trackId - b.trackId);
  }

  dispose(): void {
    this.tracks = [];
    this.verifier.forget();
  }

  private isNewShot(frame: Frame): boolean {
    const { last } = this;
    this.last = { time: frame.timestamp, width: frame.width, height: frame.height };
    const cut = this.cuts.isCut(frame);
    if (last === null) return false;
    const elapsed = frame.timestamp - last.time;
    return cut || elapsed > LONGEST_GAP || elapsed < 0 || last.width !== frame.width || last.height !== frame.height;
  }

  /** After a cut, positions say nothing: only re-identification can give an id back. */
  private loseAll(time: number): void {
    for (const track of this.tracks) this.reIdentifier.lose(track, null, time);
    this.tracks = [];
    this.verifier.forget();
    this.reIdentifier.forgetPlaces();
    this.lastFullSearch = -Infinity;
  }

  /** Sightings by landmarks alone; null when this frame needs the detector. */
  private async tryFollowing(frame: Frame, cut: boolean): Promise<Map<Track, Sighting> | null> {
    const due =
      cut || this.tracks.length === 0 || this.sinceDetection + 1 >= this.options.detectEvery || !this.isCalm();
    if (due) return null;
    const sightings = await followFaces(frame, this.nets.landmarks, this.tracks);
    if (sightings.includes(null) || convergeOnOne(sightings)) return null;
    this.sinceDetection++;
    return new Map(this.tracks.map((track, i) => [track, sightings[i]!]));
  }

  /** No face at hand is in doubt. */
  private isCalm(): boolean {
    return this.tracks.every((track) => track.identified && track.evidence !== 'carried');
  }

  private async detect(frame: Frame): Promise<Map<Track, Sighting>> {
    this.sinceDetection = 0;
    const { matches, newcomers } = await this.matchDetections(frame, await this.detectFaces(frame));
    const verified = [
      ...(await this.verifier.verifyMatches(frame, matches, this.options.minScore)),
      ...(await this.verifyNewcomers(frame, newcomers, matches)),
    ];
    const sightings = await refineLandmarks(frame, this.nets.landmarks, verified);
    const seen = new Map<Track, Sighting>();
    const newFaces: NewTrack[] = [];
    for (const [i, match] of verified.entries()) {
      const sighting = sightings[i]!;
      const { track } = match;
      if (track === null) newFaces.push({ sighting, confirmed: this.verifier.confirms(match) });
      else if (await this.reIdentifier.isSomebodyElse(frame, track, sighting, this.tracks)) {
        this.reIdentifier.lose(track, null, frame.timestamp);
        this.tracks = this.tracks.filter((other) => other !== track);
        newFaces.push({ sighting, confirmed: this.verifier.confirms({ ...match, presence: CLEARLY_PRESENT }) });
      } else seen.set(track, sighting);
    }
    await this.keepUndetected(frame, seen);
    const started = await this.reIdentifier.startTracks(frame, newFaces, this.tracks);
    for (const [i, track] of started.entries()) seen.set(track, newFaces[i]!.sighting);
    this.tracks.push(...started);
    return seen;
  }

  /** Detections in the frame, at the resolution that the faces at hand and the time since the last full search require. */
  private async detectFaces(frame: Frame): Promise<Detection[]> {
    const { detector } = this.nets;
    const recent =
      frame.timestamp - this.lastFullSearch < FULL_SEARCH_SECONDS &&
      ++this.detectionsSinceFull < FULL_SEARCH_DETECTIONS;
    if (this.tracks.length > 0 && this.isCalm() && recent) {
      return detector.detect(frame, { smallest: Math.min(...this.tracks.map(({ box }) => sizeOf(box))) });
    }
    this.lastFullSearch = frame.timestamp;
    this.detectionsSinceFull = 0;
    return detector.detect(frame, { smallest: this.options.minSize });
  }

  /** Matches detections with tracks; around a track without a detection the detector searches again, enlarged. */
  private async matchDetections(
    frame: Frame,
    detections: readonly Detection[],
  ): Promise<{ matches: FaceMatch[]; newcomers: Detection[] }> {
    const time = frame.timestamp;
    const expected = this.tracks.map((track) => ({ box: track.motion.predict(time), unseen: time - track.lastSeen }));
    const { pairs, missing, unexpected } = matchFaces(expected, detections, this.nets.detector.scores.high);
    const matches: FaceMatch[] = pairs.map(([row, column]) => ({
      detection: detections[column]!,
      track: this.tracks[row]!,
      presence: null,
    }));
    for (const row of missing) {
      const detection = await this.searchNear(frame, expected[row]!.box, matches);
      if (detection !== null) matches.push({ detection, track: this.tracks[row]!, presence: null });
    }
    return { matches, newcomers: unexpected.map((column) => detections[column]!) };
  }

  /** An enlarged search around the place where a face is missing. */
  private async searchNear(frame: Frame, box: Box, matches: readonly FaceMatch[]): Promise<Detection | null> {
    const region = squareAround(box, SEARCH_AREA);
    const detections = await this.nets.detector.detect(frame, { region, smallest: sizeOf(box) / 2 });
    const free = detections.filter(
      (detection) => !matches.some((match) => onSameFace(match.detection.box, detection.box)),
    );
    const [pair] = matchFaces([{ box, unseen: 0 }], free, this.nets.detector.scores.high).pairs;
    return pair === undefined ? null : free[pair[1]]!;
  }

  private async verifyNewcomers(
    frame: Frame,
    newcomers: readonly Detection[],
    matches: readonly FaceMatch[],
  ): Promise<FaceMatch[]> {
    const { detector } = this.nets;
    const { minScore, minSize, maxFaces } = this.options;
    const known = [...matches.map(({ detection }) => detection.box), ...this.tracks.map(({ box }) => box)];
    const entry = { minScore, minSize, room: maxFaces - this.tracks.length };
    const accepted = await this.verifier.verifyNewcomers(frame, newcomers, known, entry);
    if (!detector.adjustable || this.tracks.length > 0 || accepted.length > 0) return accepted;
    // Noise and faces that fill the frame show better in a smaller picture.
    return this.verifier.verifyNewcomers(frame, await detector.detect(frame, { smallest: Infinity }), known, entry);
  }

  /** Where the detector sees a known face no longer, its landmarks and the presence network may. */
  private async keepUndetected(frame: Frame, seen: Map<Track, Sighting>): Promise<void> {
    const missing = this.tracks.filter((track) => track.confirmed && !seen.has(track));
    const sightings = await followFaces(frame, this.nets.landmarks, missing, VAGUELY_SIMILAR);
    const followed = missing.flatMap((track, i) => {
      const sighting = sightings[i] ?? null;
      // Landmarks of a hidden face settle on the face that hides it: that one is seen already.
      return sighting === null || isOccupied(sighting.box, seen) ? [] : [{ track, sighting }];
    });
    for (const [track, sighting] of await this.verifier.verifyFollowed(frame, followed)) seen.set(track, sighting);
  }

  /** Updates the tracks that were seen, coasts the others, and drops those unseen for too long. */
  private updateTracks(seen: ReadonlyMap<Track, Sighting>, time: number): void {
    this.tracks = this.tracks.filter((track) => {
      const sighting = seen.get(track);
      if (sighting !== undefined) {
        if (track.born !== time) track.see(sighting, time);
        this.reIdentifier.seen(track, time);
      } else {
        track.coast(time);
      }
      const unseen = time - track.lastSeen;
      if (!track.refuted && unseen <= (track.confirmed ? COAST_SECONDS : DOUBTFUL_SECONDS)) return true;
      this.reIdentifier.lose(track, track.box, time);
      return false;
    });
  }
}

/** Two faces have ended up in one place: following has gone wrong for one of them. */
function convergeOnOne(sightings: readonly (Sighting | null)[]): boolean {
  return sightings.some((one, i) => sightings.some((other, j) => j > i && onSameFace(one!.box, other!.box)));
}

function toTrackedFace(track: Track): TrackedFace {
  return {
    trackId: track.id,
    tracklet: track.tracklet,
    box: track.box,
    score: track.score,
    landmarks: track.landmarks,
    quality: faceQuality(track.landmarks, track.patch),
    evidence: track.evidence,
    tentative: !track.identified || track.evidence === 'carried',
  };
}
