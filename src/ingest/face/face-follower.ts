import type { Frame } from '../frame.js';
import type { Detection } from './detector.js';
import type { FaceNets } from './face-nets.js';
import { type Find, isTaken, onSameFace } from './find.js';
import { followFaces } from './follow.js';
import { type Box, sizeOf, squareAround } from './geometry.js';
import { faceQuality } from './quality.js';
import { SceneCuts } from './scene-cut.js';
import { CLEARLY_PRESENT, SecondLook } from './second-look.js';
import { sightFaces } from './sight.js';
import type { Sighting, Track } from './track.js';
import type { TrackedFace } from './tracked-face.js';
import { matchFaces } from './tracker.js';
import { type Birth, WhoIsWho } from './who-is-who.js';

/** What to look for, and how often. */
export interface FaceOptions {
  /** Detect in every n-th frame and follow in between; 1 (the default) detects in every frame. */
  readonly detectEvery?: number;
  /** Smallest side of a face's box in pixels of the frame; 20 by default. */
  readonly minSize?: number;
  /** Least score, on the detector's scale, for a new face; the detector's own by default. */
  readonly minScore?: number;
  /** Faces followed at the same time; 8 by default. */
  readonly maxFaces?: number;
}

/** Seconds for which a face that is not seen is carried on by its motion. */
const CARRY_SECONDS = 0.5;
/** A doubtful face that is not seen for this long is given up. */
const DOUBTFUL_SECONDS = 0.15;
/** A gap in the footage of this many seconds is as good as a cut. */
const LONGEST_GAP = 1;
/** Newcomers smaller than the faces already followed are looked for at least this often: in seconds, and in detections. */
const FULL_LOOK_SECONDS = 1;
const FULL_LOOK_DETECTIONS = 12;
/** A missing face is looked for in a square this many times as large. */
const SEARCH_AREA = 2.5;
/** Likeness to its last picture that is enough where the presence network vouches for a face. */
const VAGUELY_ALIKE = 0.25;

/**
 * Finds and follows the faces of one video and tells who is who. Feed it every frame, in order.
 * All it remembers is bounded, however long the video.
 */
export class FaceFollower {
  private readonly options: Required<FaceOptions>;
  private readonly cuts = new SceneCuts();
  private readonly who: WhoIsWho;
  private readonly secondLook: SecondLook;
  private tracks: Track[] = [];
  private last: { readonly time: number; readonly width: number; readonly height: number } | null = null;
  private sinceDetection = 0;
  private lastFullLook = -Infinity;
  private looksSinceFull = 0;

  /** @param nets stay the caller's: dispose them when no follower needs them any more */
  constructor(
    private readonly nets: FaceNets,
    options: FaceOptions = {},
  ) {
    this.options = {
      detectEvery: options.detectEvery ?? 1,
      minSize: options.minSize ?? 20,
      minScore: options.minScore ?? nets.detector.scores.high,
      maxFaces: options.maxFaces ?? 8,
    };
    this.who = new WhoIsWho(nets.descriptor);
    this.secondLook = new SecondLook(nets.presence, nets.detector.scores);
  }

  /** The faces of the next frame, ordered by track id. Wait for one frame's before asking for the next one's. */
  async update(frame: Frame): Promise<TrackedFace[]> {
    const cut = this.isNewShot(frame);
    if (cut) this.loseAll(frame.timestamp);
    const seen = (await this.tryFollowing(frame, cut)) ?? (await this.detect(frame));
    this.settleTracks(seen, frame.timestamp);
    await this.who.tellApart(frame, this.tracks);
    await this.who.learn(frame, this.tracks);
    return this.tracks
      .filter((track) => track.believed || track.evidence !== 'carried')
      .map(toTrackedFace)
      .sort((a, b) => a.trackId - b.trackId);
  }

  dispose(): void {
    this.tracks = [];
    this.secondLook.forget();
  }

  private isNewShot(frame: Frame): boolean {
    const { last } = this;
    this.last = { time: frame.timestamp, width: frame.width, height: frame.height };
    const cut = this.cuts.isCut(frame);
    if (last === null) return false;
    const elapsed = frame.timestamp - last.time;
    return cut || elapsed > LONGEST_GAP || elapsed < 0 || last.width !== frame.width || last.height !== frame.height;
  }

  /** After a cut, position says nothing any more; only faces can be recognised. */
  private loseAll(time: number): void {
    for (const track of this.tracks) this.who.lose(track, null, time);
    this.tracks = [];
    this.secondLook.forget();
    this.who.forgetPlaces();
    this.lastFullLook = -Infinity;
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

  /** Nothing about the faces at hand is in doubt. */
  private isCalm(): boolean {
    return this.tracks.every((track) => track.settled && track.evidence !== 'carried');
  }

  private async detect(frame: Frame): Promise<Map<Track, Sighting>> {
    this.sinceDetection = 0;
    const { finds, newcomers } = await this.matchDetections(frame, await this.look(frame));
    const judged = [
      ...(await this.secondLook.judgeKnown(frame, finds, this.options.minScore)),
      ...(await this.judgeNewcomers(frame, newcomers, finds)),
    ];
    const sightings = await sightFaces(frame, this.nets.landmarks, judged);
    const seen = new Map<Track, Sighting>();
    const births: Birth[] = [];
    for (const [i, find] of judged.entries()) {
      const sighting = sightings[i]!;
      const { track } = find;
      if (track === null) births.push({ sighting, believed: this.secondLook.settles(find) });
      else if (await this.who.isSomebodyElse(frame, track, sighting, this.tracks)) {
        this.who.lose(track, null, frame.timestamp);
        this.tracks = this.tracks.filter((other) => other !== track);
        births.push({ sighting, believed: this.secondLook.settles({ ...find, presence: CLEARLY_PRESENT }) });
      } else seen.set(track, sighting);
    }
    await this.keepUndetected(frame, seen);
    const born = await this.who.welcome(frame, births, this.tracks);
    for (const [i, track] of born.entries()) seen.set(track, births[i]!.sighting);
    this.tracks.push(...born);
    return seen;
  }

  /** Detections in the frame, looked at as closely as the faces at hand and the time since the last full look ask for. */
  private async look(frame: Frame): Promise<Detection[]> {
    const { detector } = this.nets;
    const recent =
      frame.timestamp - this.lastFullLook < FULL_LOOK_SECONDS && ++this.looksSinceFull < FULL_LOOK_DETECTIONS;
    if (this.tracks.length > 0 && this.isCalm() && recent) {
      return detector.detect(frame, { smallest: Math.min(...this.tracks.map(({ box }) => sizeOf(box))) });
    }
    this.lastFullLook = frame.timestamp;
    this.looksSinceFull = 0;
    return detector.detect(frame, { smallest: this.options.minSize });
  }

  /** Which detection belongs to which face; a face without one gets a closer look around its place. */
  private async matchDetections(
    frame: Frame,
    detections: readonly Detection[],
  ): Promise<{ finds: Find[]; newcomers: Detection[] }> {
    const time = frame.timestamp;
    const expected = this.tracks.map((track) => ({ box: track.motion.predict(time), unseen: time - track.lastSeen }));
    const { pairs, missing, unexpected } = matchFaces(expected, detections, this.nets.detector.scores.high);
    const finds: Find[] = pairs.map(([row, column]) => ({
      detection: detections[column]!,
      track: this.tracks[row]!,
      presence: null,
    }));
    for (const row of missing) {
      const detection = await this.searchNear(frame, expected[row]!.box, finds);
      if (detection !== null) finds.push({ detection, track: this.tracks[row]!, presence: null });
    }
    return { finds, newcomers: unexpected.map((column) => detections[column]!) };
  }

  /** An enlarged look around the place where a face is missing. */
  private async searchNear(frame: Frame, box: Box, finds: readonly Find[]): Promise<Detection | null> {
    const region = squareAround(box, SEARCH_AREA);
    const detections = await this.nets.detector.detect(frame, { region, smallest: sizeOf(box) / 2 });
    const free = detections.filter((detection) => !finds.some((find) => onSameFace(find.detection.box, detection.box)));
    const [pair] = matchFaces([{ box, unseen: 0 }], free, this.nets.detector.scores.high).pairs;
    return pair === undefined ? null : free[pair[1]]!;
  }

  private async judgeNewcomers(frame: Frame, newcomers: readonly Detection[], finds: readonly Find[]): Promise<Find[]> {
    const { detector } = this.nets;
    const { minScore, minSize, maxFaces } = this.options;
    const known = [...finds.map(({ detection }) => detection.box), ...this.tracks.map(({ box }) => box)];
    const entry = { minScore, minSize, room: maxFaces - this.tracks.length };
    const accepted = await this.secondLook.judgeNewcomers(frame, newcomers, known, entry);
    if (!detector.adjustable || this.tracks.length > 0 || accepted.length > 0) return accepted;
    // Noise and faces that fill the frame show better in a smaller picture.
    return this.secondLook.judgeNewcomers(frame, await detector.detect(frame, { smallest: Infinity }), known, entry);
  }

  /** Where no detector sees a known face any more, its landmarks and the presence network may. */
  private async keepUndetected(frame: Frame, seen: Map<Track, Sighting>): Promise<void> {
    const missing = this.tracks.filter((track) => track.believed && !seen.has(track));
    const sightings = await followFaces(frame, this.nets.landmarks, missing, VAGUELY_ALIKE);
    const followed = missing.flatMap((track, i) => {
      const sighting = sightings[i] ?? null;
      // Landmarks of a hidden face settle on the face that hides it: that one is seen already.
      return sighting === null || isTaken(sighting.box, seen) ? [] : [{ track, sighting }];
    });
    for (const [track, sighting] of await this.secondLook.vouch(frame, followed)) seen.set(track, sighting);
  }

  /** Takes over what was seen, carries what was not, and lets go of what has not been seen for too long. */
  private settleTracks(seen: ReadonlyMap<Track, Sighting>, time: number): void {
    this.tracks = this.tracks.filter((track) => {
      const sighting = seen.get(track);
      if (sighting !== undefined) {
        if (track.born !== time) track.see(sighting, time);
        this.who.seen(track, time);
      } else {
        track.carry(time);
      }
      const unseen = time - track.lastSeen;
      if (!track.refuted && unseen <= (track.believed ? CARRY_SECONDS : DOUBTFUL_SECONDS)) return true;
      this.who.lose(track, track.box, time);
      return false;
    });
  }
}

/** Two faces have ended up in one place: following them has gone wrong for one. */
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
    tentative: !track.settled || track.evidence === 'carried',
  };
}
