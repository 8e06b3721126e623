import { requireFrame } from '../frame.js';
import type { Frame } from '../frame.js';
import { faceQuality } from './align/face-quality.js';
import { intersectionOverSmaller, sizeOf } from './align/geometry.js';
import type { Detection } from './detect/detector.js';
import type { Rotation } from './detect/quarter-turn.js';
import type { FaceNets } from './face-nets.js';
import { FaceSearch } from './face-search.js';
import type { KnownPerson } from './re-identify/identities.js';
import { type NewTrack, ReIdentifier } from './re-identify/re-identification.js';
import { type DetectEvery, DetectionPolicy } from './track/detection-policy.js';
import { followFaces, followPartly, stillShows, refineLandmarks } from './track/sightings.js';
import { type FaceMatch, isOccupied, matchFaces, onSameFace } from './track/match.js';
import { ShotContinuity } from './track/scene-cut.js';
import { DOUBTFUL_SECONDS, type Sighting, type Track } from './track/track.js';
import type { TrackedFace } from './track/track.js';
import { CLEARLY_PRESENT, FaceVerifier } from './verify/face-verifier.js';

/** What to look for, and how often. */
export interface FaceOptions {
  /** Detect in every n-th frame and follow in between, or when there is reason to (`auto`, the default). */
  readonly detectEvery?: DetectEvery;
  /** Smallest side of a face's box in pixels of the frame; 20 by default. */
  readonly minSize?: number;
  /** Least score, on the detector's scale, for a new face; the detector's own by default. */
  readonly minScore?: number;
  /** Faces reported per frame, the largest first; no limit by default. */
  readonly maxFaces?: number;
  /** Search for faces only as they stand in footage that needs this rotation; any way up (`auto`) by default. */
  readonly rotate?: Rotation;
}

/** Seconds for which a face that is not seen coasts on its motion. */
const COAST_SECONDS = 0.5;
/** Similarity to the last patch that is enough where the presence network confirms the face. */
const VAGUELY_SIMILAR = 0.25;
/** Overlap, of the smaller box, up to which two faces are side by side. */
const BESIDE = 0.1;
/** Similarity of half a face to its last picture from which there was no cut. */
const UNCHANGED = 0.93;
/** A face reported in the last frame keeps its place under `maxFaces` until another is this many times as large. */
const STAYING_POWER = 1.2;

/**
 * Finds, follows and re-identifies the faces of one video. Feed it every frame, in order. Its memory is bounded.
 */
export class FaceFollower {
  private readonly options: Required<FaceOptions>;
  private readonly continuity = new ShotContinuity();
  private readonly reIdentifier: ReIdentifier;
  private readonly verifier: FaceVerifier;
  private readonly search: FaceSearch;
  private tracks: Track[] = [];
  private reported: ReadonlySet<Track> = new Set();
  private readonly policy: DetectionPolicy;
  private last: Frame | null = null;
  /**
   * Tracklets that the last update ended while they were tentative, and that count as faces all the same: the frames were
   * too far apart, or the shot too short, to confirm them.
   */
  accepted: readonly number[] = [];
  /** Faces of the last frame that `maxFaces` left out. */
  leftOut = 0;

  /** @param nets stay the caller's: dispose them when no follower needs them any more */
  constructor(
    private readonly nets: FaceNets,
    options: FaceOptions = {},
  ) {
    this.options = {
      detectEvery: options.detectEvery ?? 'auto',
      minSize: options.minSize ?? 20,
      minScore: options.minScore ?? nets.detector.scores.high,
      maxFaces: options.maxFaces ?? Infinity,
      rotate: options.rotate ?? 'auto',
    };
    this.policy = new DetectionPolicy(this.options.detectEvery);
    this.reIdentifier = new ReIdentifier(nets.embedding);
    this.verifier = new FaceVerifier(nets, this.options);
    this.search = new FaceSearch(nets.detector, this.options.minSize, this.options.rotate);
  }

  /**
   * The faces of the next frame, ordered by track id. Await one call before the next.
   * @throws FerError USAGE for pixels of another number than width and height say, or a time that steps back; the next frame may be right again
   */
  async update(frame: Frame): Promise<TrackedFace[]> {
    requireFrame(frame, this.last);
    const time = frame.timestamp;
    const ended: Track[] = [];
    const isRepeated = this.options.detectEvery === 'auto' && this.last !== null && isSamePicture(this.last, frame);
    this.last = frame;
    const change = this.continuity.next(frame);
    this.policy.next(frame, this.continuity.brightness, this.tracks);
    if (isRepeated && change === 'none' && this.isCalm()) return this.repeat(time);
    if (change === 'cut') ended.push(...this.cut(frame));
    for (const track of this.tracks) track.expect(time);
    const seen =
      (change === 'none' ? await this.tryFollowing(frame) : null) ?? (await this.detect(frame, change === 'none'));
    ended.push(...this.updateTracks(seen, time));
    await this.reIdentifier.tellApart(frame, this.tracks);
    this.dropSuperseded();
    await this.reIdentifier.learn(frame, this.tracks);
    this.accepted = acceptedOf(ended);
    return this.report();
  }

  /** All remembered people. */
  get known(): KnownPerson[] {
    return this.reIdentifier.known;
  }

  /** Ends the footage: returns the tentative tracklets that count as faces, as `accepted` does. */
  finish(): readonly number[] {
    return acceptedOf(this.endTracks(this.tracks, Infinity));
  }

  dispose(): void {
    this.last = null;
    this.tracks = [];
    this.verifier.forget();
  }

  /**
   * After a cut, positions say nothing: only re-identification can give an id back. But something that suddenly covers much
   * of the picture looks like a cut, too: a face half of which is where it was continues.
   */
  private cut(frame: Frame): Track[] {
    const ended = this.tracks.filter((track) => !track.identified || !stillShows(frame, track, UNCHANGED));
    this.verifier.forget();
    this.reIdentifier.forgetPlaces();
    this.search.forget();
    return this.endTracks(ended, frame.timestamp);
  }

  private endTracks(ended: readonly Track[], time: number): Track[] {
    for (const track of ended) this.reIdentifier.lose(track, null, time);
    this.tracks = this.tracks.filter((track) => !ended.includes(track));
    return [...ended];
  }

  /** The faces of a picture that is the one before: where they were. */
  private repeat(time: number): TrackedFace[] {
    for (const track of this.tracks) {
      track.stay(time);
      this.reIdentifier.seen(track, time);
    }
    this.accepted = [];
    return this.report();
  }

  /** Sightings by landmarks alone; null when this frame needs the detector. */
  private async tryFollowing(frame: Frame): Promise<Map<Track, Sighting> | null> {
    if (!this.isCalm() || !this.policy.mayFollow(this.tracks)) return null;
    const sightings = await followFaces(frame, this.nets.landmarks, this.tracks);
    if (sightings.includes(null) || convergeOnOne(sightings)) return null;
    if (this.tracks.some((track, i) => this.policy.hasFaded(track, sightings[i]!))) return null;
    this.policy.followed();
    return new Map(this.tracks.map((track, i) => [track, sightings[i]!]));
  }

  /** No present face is in doubt. */
  private isCalm(): boolean {
    return this.tracks.every((track) => track.identified && track.evidence !== 'coasted');
  }

  /** @param steady no sign of a cut */
  private async detect(frame: Frame, steady: boolean): Promise<Map<Track, Sighting>> {
    this.policy.detects();
    const detections = await this.search.whole(frame, this.tracks, this.isCalm());
    const { matches, newcomers } = await this.matchDetections(frame, detections);
    const known = await this.verifier.verifyMatches(frame, matches);
    const alone = !steady || this.continuity.interval > DOUBTFUL_SECONDS;
    const verified = [...known, ...(await this.findNewcomers(frame, newcomers, matches, alone))];
    const sightings = await refineLandmarks(frame, this.nets.landmarks, verified);
    const seen = new Map<Track, Sighting>();
    for (const [i, { track }] of verified.entries()) if (track !== null) seen.set(track, sightings[i]!);
    const replaced = await this.reIdentifier.findReplaced(frame, seen, this.tracks, steady);
    const newFaces: NewTrack[] = [];
    for (const [i, match] of verified.entries()) {
      const { track } = match;
      if (track !== null && !replaced.has(track)) continue;
      const presence = track === null ? match.presence : CLEARLY_PRESENT;
      // Where frames are far apart, one look has to be enough.
      const confirmed = this.continuity.interval > DOUBTFUL_SECONDS || this.verifier.confirms({ ...match, presence });
      newFaces.push({ sighting: sightings[i]!, confirmed });
    }
    for (const track of replaced) {
      this.reIdentifier.lose(track, null, frame.timestamp);
      seen.delete(track);
    }
    this.tracks = this.tracks.filter((track) => !replaced.has(track));
    await this.keepUndetected(frame, seen);
    const started = await this.reIdentifier.startTracks(frame, newFaces, [...seen.keys()], this.tracks);
    for (const [i, track] of started.entries()) seen.set(track, newFaces[i]!.sighting);
    this.tracks.push(...started);
    return seen;
  }

  /** Matches detections with tracks; around a track without a detection the detector searches again, enlarged. */
  private async matchDetections(
    frame: Frame,
    detections: readonly Detection[],
  ): Promise<{ matches: FaceMatch[]; newcomers: Detection[] }> {
    const time = frame.timestamp;
    const strong = this.nets.detector.scores.high;
    const expected = this.tracks.map((track) => ({ box: track.motion.predict(time), unseen: time - track.lastSeen }));
    const { pairs, missing, unexpected } = matchFaces(expected, detections, strong);
    const matches: FaceMatch[] = pairs.map(([row, column]) => ({
      detection: detections[column]!,
      track: this.tracks[row]!,
      presence: null,
    }));
    for (const row of missing) {
      const { box } = expected[row]!;
      const known = matches.map(({ detection }) => detection.box);
      const near = await this.search.near(frame, box, this.tracks[row]!, known);
      const [pair] = matchFaces([{ box, unseen: 0 }], near, strong).pairs;
      if (pair !== undefined) matches.push({ detection: near[pair[1]]!, track: this.tracks[row]!, presence: null });
    }
    return { matches, newcomers: unexpected.map((column) => detections[column]!) };
  }

  /** @param alone little is known from other frames: this is the first of a shot, or frames are far apart */
  private async findNewcomers(
    frame: Frame,
    detections: readonly Detection[],
    matches: readonly FaceMatch[],
    alone: boolean,
  ): Promise<FaceMatch[]> {
    const known = [...matches.map(({ detection }) => detection.box), ...this.tracks.map(({ box }) => box)];
    let found = await this.verifier.verifyNewcomers(frame, detections, known);
    const isEmpty = (): boolean => found.length === 0 && this.tracks.length === 0;
    if (isEmpty()) found = await this.verifier.verifyNewcomers(frame, await this.search.coarse(frame), known);
    if (!alone && !isEmpty()) return found;
    const upright = [...known, ...found.map(({ detection }) => detection.box)];
    return [
      ...found,
      ...(await this.verifier.verifyNewcomers(frame, await this.search.turned(frame, isEmpty()), upright)),
    ];
  }

  /** Where the detector sees a known face no longer, its landmarks and the presence network may, or the half that shows. */
  private async keepUndetected(frame: Frame, seen: Map<Track, Sighting>): Promise<void> {
    const missing = this.tracks.filter((track) => track.confirmed && !seen.has(track));
    const sightings = await followFaces(frame, this.nets.landmarks, missing, VAGUELY_SIMILAR);
    const followed = missing.flatMap((track, i) => {
      const sighting = sightings[i] ?? null;
      // Landmarks of a hidden face settle on the face that hides it: that one is seen already.
      return sighting === null || isOccupied(sighting.box, seen) ? [] : [{ track, sighting }];
    });
    for (const [track, sighting] of await this.verifier.verifyFollowed(frame, followed)) seen.set(track, sighting);
    for (const track of missing) {
      // Another face is in front: a half that looks the same belongs to that one. It coasts, and is compared again when both are visible.
      const expected = track.motion.predict(frame.timestamp);
      const behindAnother = [...seen.values()].some(({ box }) => intersectionOverSmaller(box, expected) > BESIDE);
      const sighting = seen.has(track) || behindAnother ? null : followPartly(frame, track);
      if (sighting !== null && !isOccupied(sighting.box, seen)) seen.set(track, sighting);
    }
  }

  /**
   * Updates the tracks that were seen, coasts the others, and drops those unseen for too long.
   * @returns the dropped ones
   */
  private updateTracks(seen: ReadonlyMap<Track, Sighting>, time: number): Track[] {
    const dropped: Track[] = [];
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
      dropped.push(track);
      return false;
    });
    this.dropSuperseded();
    return dropped;
  }

  /** A coasting track ends when its person is seen elsewhere in the frame. */
  private dropSuperseded(): void {
    const seen = new Set(this.tracks.filter(({ evidence }) => evidence !== 'coasted').map(({ id }) => id));
    this.tracks = this.tracks.filter(({ evidence, id }) => evidence !== 'coasted' || !seen.has(id));
  }

  private report(): TrackedFace[] {
    const shown = this.tracks.filter((track) => track.confirmed || track.evidence !== 'coasted');
    const { maxFaces } = this.options;
    this.leftOut = Math.max(0, shown.length - maxFaces);
    const rank = (track: Track): number => sizeOf(track.box) * (this.reported.has(track) ? STAYING_POWER : 1);
    const largest = this.leftOut === 0 ? shown : shown.sort((a, b) => rank(b) - rank(a)).slice(0, maxFaces);
    this.reported = new Set(largest);
    return largest.map(toTrackedFace).sort((a, b) => a.trackId - b.trackId);
  }
}

function isSamePicture(a: Frame, b: Frame): boolean {
  // The memory of a frame that was released may hold the next one by now.
  if (a.data === b.data) return false;
  return a.width === b.width && a.height === b.height && Buffer.compare(a.data, b.data) === 0;
}

/** Two faces have ended up in one place: following has gone wrong for one of them. */
function convergeOnOne(sightings: readonly (Sighting | null)[]): boolean {
  return sightings.some((one, i) => sightings.some((other, j) => j > i && onSameFace(one!.box, other!.box)));
}

function acceptedOf(ended: readonly Track[]): number[] {
  return ended.filter((track) => !track.confirmed && track.plausible).map(({ tracklet }) => tracklet);
}

function toTrackedFace(track: Track): TrackedFace {
  return {
    trackId: track.id,
    tracklet: track.tracklet,
    box: track.box,
    score: track.score,
    landmarks: track.landmarks,
    patch: track.patch,
    quality: faceQuality(track.landmarks, track.patch),
    evidence: track.evidence,
    tentative: !track.confirmed || track.evidence === 'coasted',
    provisional: track.undecided !== null,
  };
}
