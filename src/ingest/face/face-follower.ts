import type { Frame } from '../frame.js';
import { facePatch, patchSimilarity } from './appearance.js';
import { assign } from './assignment.js';
import { type FaceDescriptor } from './descriptor.js';
import type { Detection } from './detector.js';
import type { FaceNets } from './face-nets.js';
import { expectedWindow, followFaces } from './follow.js';
import { type FaceWindow, presenceWindow, windowOfDetection } from './face-window.js';
import { boundsOf, type Box, centerOf, distance, intersectionOverSmaller, intersectionOverUnion, sizeOf, squareAround } from './geometry.js';
import { type Candidate, Identities, OTHER_PERSON } from './identities.js';
import { faceQuality } from './quality.js';
import { SceneCuts } from './scene-cut.js';
import { type Sighting, Track } from './track.js';
import type { TrackedFace } from './tracked-face.js';
import { matchFaces } from './tracker.js';

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
/** Presence that lets a newcomer of strong score in, and that says so clearly: a weak one needs that, several times. */
const PRESENT = 0.7;
const CLEARLY_PRESENT = 0.95;
/** Presence that counts for a face not believed in yet, that backs a weak detection, and that replaces a missing one. */
const CONVINCING = 0.9;
const BACKING = 0.5;
const STILL_PRESENT = 0.8;
/** A newcomer of so little presence is not looked at again for this many seconds; noise alone does not bring it so low. */
const ABSENT = 0.1;
const REJECTED_SECONDS = 0.3;
/** A detection that shares this much with a face already followed is the same face. */
const DUPLICATE = 0.5;
/** Less likeness than this between two consecutive looks makes one ask whether it is still the same person. */
const CHANGED = 0.4;
/** Overlap of two faces from which they can be mixed up, and to which it must fall before they are told apart again. */
const MIXING = 0.12;
const SEPARATE = 0.03;
/** What the other arrangement of ids must gain, per face, before ids are exchanged. */
const EXCHANGE_MARGIN = 0.1;
/** Likeness to its last picture that is enough where the presence network vouches for a face. */
const VAGUELY_ALIKE = 0.25;
/**
 * Clear looks at a face whose owner is in question after which it counts as new, seconds in between, and seconds after which it does
 * in any case: less than the look-ahead of recorded footage, so that the first frames still get the id that is settled then.
 */
const LOOKS_TO_RECOGNISE = 3;
const RECOGNITION_PAUSE = 0.08;
const LONGEST_QUESTION = 0.8;
/** A face of lower quality, or farther from its owner's mean, teaches nothing about its owner. */
const TEACHABLE = 0.35;
const LEARNABLE = 0.52;

/** A detection and the track it belongs to, or null for a newcomer. */
interface Find {
  readonly detection: Detection;
  readonly track: Track | null;
  /** Outcome of the second look, 0..1; null when none was taken. */
  readonly presence: number | null;
}

/**
 * Finds and follows the faces of one video and tells who is who. Feed it every frame, in order.
 * All it remembers is bounded, however long the video.
 */
export class FaceFollower {
  private readonly options: { readonly detectEvery: number; readonly minSize: number; readonly minScore: number; readonly maxFaces: number };
  private readonly cuts = new SceneCuts();
  private readonly identities = new Identities();
  private tracks: Track[] = [];
  private rejected: { readonly box: Box; readonly time: number }[] = [];
  private last: { readonly time: number; readonly width: number; readonly height: number } | null = null;
  private tracklets = 0;
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
  }

  /** The faces of the next frame, ordered by track id. Wait for one frame's before asking for the next one's. */
  async update(frame: Frame): Promise<TrackedFace[]> {
    const cut = this.isNewShot(frame);
    if (cut) this.loseAll(frame.timestamp);
    const seen = (await this.tryFollowing(frame, cut)) ?? (await this.detect(frame));
    this.settleTracks(seen, frame.timestamp);
    await this.tellApart(frame);
    await this.learn(frame);
    return this.tracks
      .filter((track) => track.believed || track.evidence !== 'carried')
      .map(toTrackedFace)
      .sort((a, b) => a.trackId - b.trackId);
  }

  dispose(): void {
    this.tracks = [];
    this.rejected = [];
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
    for (const track of this.tracks) this.lose(track, null, time);
    this.tracks = [];
    this.rejected = [];
    this.identities.forgetPlaces();
    this.lastFullLook = -Infinity;
  }

  private lose(track: Track, box: Box | null, time: number): void {
    if (track.settled) this.identities.lose(track.id, box, time);
    else this.identities.discard(track.id);
  }

  /** Sightings by landmarks alone; null when this frame needs the detector. */
  private async tryFollowing(frame: Frame, cut: boolean): Promise<Map<Track, Sighting> | null> {
    const due =
      cut ||
      this.tracks.length === 0 ||
      this.sinceDetection + 1 >= this.options.detectEvery ||
      this.tracks.some((track) => !track.settled || track.evidence === 'carried');
    if (due) return null;
    const sightings = await followFaces(frame, this.nets.landmarks, this.tracks);
    if (sightings.includes(null) || convergeOnOne(sightings)) return null;
    this.sinceDetection++;
    return new Map(this.tracks.map((track, i) => [track, sightings[i]!]));
  }

  private async detect(frame: Frame): Promise<Map<Track, Sighting>> {
    this.sinceDetection = 0;
    const time = frame.timestamp;
    const detections = await this.look(frame);
    const expected = this.tracks.map((track) => ({ box: track.motion.predict(time), unseen: time - track.lastSeen }));
    const { pairs, missing, unexpected } = matchFaces(expected, detections, this.nets.detector.scores.high);
    const finds: Find[] = pairs.map(([row, column]) => ({ detection: detections[column]!, track: this.tracks[row]!, presence: null }));
    for (const row of missing) {
      const detection = await this.searchNear(frame, expected[row]!.box, finds);
      if (detection !== null) finds.push({ detection, track: this.tracks[row]!, presence: null });
    }
    const newcomers = unexpected.map((column) => detections[column]!);
    const backed = await this.judgeKnown(frame, finds);
    let accepted = await this.judgeNewcomers(frame, newcomers, finds);
    if (this.nets.detector.adjustable && this.tracks.length === 0 && accepted.length === 0) {
      // Noise and faces that fill the frame show better in a smaller picture.
      accepted = await this.judgeNewcomers(frame, await this.nets.detector.detect(frame, { smallest: Infinity }), finds);
    }
    const judged = [...backed, ...accepted];
    const sightings = await this.sight(frame, judged);
    const seen = new Map<Track, Sighting>();
    const births: { readonly find: Find; readonly sighting: Sighting }[] = [];
    for (const [i, find] of judged.entries()) {
      const sighting = sightings[i]!;
      if (find.track === null) births.push({ find, sighting });
      else if (await this.isSomebodyElse(frame, find.track, sighting)) {
        this.lose(find.track, null, time);
        this.tracks = this.tracks.filter((track) => track !== find.track);
        births.push({ find: { ...find, presence: CLEARLY_PRESENT }, sighting });
      } else seen.set(find.track, sighting);
    }
    await this.keepUndetected(frame, seen);
    await this.welcome(frame, births, seen);
    return seen;
  }

  /** Detections in the frame, looked at as closely as the faces at hand and the time since the last full look ask for. */
  private async look(frame: Frame): Promise<Detection[]> {
    const { detector } = this.nets;
    const calm = this.tracks.length > 0 && this.tracks.every((track) => track.settled && track.evidence !== 'carried');
    const recent = frame.timestamp - this.lastFullLook < FULL_LOOK_SECONDS && ++this.looksSinceFull < FULL_LOOK_DETECTIONS;
    if (calm && recent) {
      return detector.detect(frame, { smallest: Math.min(...this.tracks.map(({ box }) => sizeOf(box))) });
    }
    this.lastFullLook = frame.timestamp;
    this.looksSinceFull = 0;
    return detector.detect(frame, { smallest: this.options.minSize });
  }

  /** An enlarged look around the place where a face is missing. */
  private async searchNear(frame: Frame, box: Box, finds: readonly Find[]): Promise<Detection | null> {
    const region = squareAround(box, 2.5);
    const detections = await this.nets.detector.detect(frame, { region, smallest: sizeOf(box) / 2 });
    const free = detections.filter((detection) => finds.every((find) => intersectionOverSmaller(find.detection.box, detection.box) < DUPLICATE));
    const [pair] = matchFaces([{ box, unseen: 0 }], free, this.nets.detector.scores.high).pairs;
    return pair === undefined ? null : free[pair[1]]!;
  }

  /**
   * Another second look at faces that are not believed in yet, and at believed ones whose detection is weak: what nothing
   * speaks for but a low score counts as not seen.
   */
  private async judgeKnown(frame: Frame, finds: readonly Find[]): Promise<Find[]> {
    const { strong } = this.nets.detector.scores;
    const doubtful = finds.filter(({ track, detection }) => !track!.believed || detection.score < strong);
    const presences = await this.nets.presence.probabilities(frame, doubtful.map(({ detection }) => presenceWindow(detection)));
    const unbacked = new Set<Find>();
    for (const [i, find] of doubtful.entries()) {
      const presence = presences[i]!;
      if (!find.track!.believed) find.track!.look(find.detection.score >= this.options.minScore && presence >= CONVINCING, frame.timestamp);
      else if (presence < BACKING) unbacked.add(find);
    }
    return finds.filter((find) => !unbacked.has(find));
  }

  /** Detections that nobody was expected at become newcomers only if the second look, by another network, finds a face too. */
  private async judgeNewcomers(frame: Frame, detections: readonly Detection[], finds: readonly Find[]): Promise<Find[]> {
    const time = frame.timestamp;
    this.rejected = this.rejected.filter((rejection) => time - rejection.time < REJECTED_SECONDS);
    const known = [...finds.map(({ detection }) => detection.box), ...this.tracks.map(({ box }) => box)];
    const candidates = detections
      .filter(({ box, score }) => score >= this.options.minScore && sizeOf(box) >= this.options.minSize)
      .filter(({ box }) => known.every((other) => intersectionOverSmaller(other, box) < DUPLICATE))
      .filter(({ box }) => this.rejected.every((rejection) => rejection.time === time || intersectionOverUnion(rejection.box, box) < DUPLICATE))
      .slice(0, Math.max(0, this.options.maxFaces - this.tracks.length));
    const presences = await this.nets.presence.probabilities(frame, candidates.map(presenceWindow));
    const accepted: Find[] = [];
    for (const [i, detection] of candidates.entries()) {
      const presence = presences[i]!;
      const enough = detection.score >= this.nets.detector.scores.strong ? PRESENT : CLEARLY_PRESENT;
      if (presence >= enough) accepted.push({ detection, track: null, presence });
      else if (presence < ABSENT) this.rejected.push({ box: detection.box, time });
    }
    return accepted;
  }

  /** Landmarks and patches of all finds, in one network call. */
  private async sight(frame: Frame, finds: readonly Find[]): Promise<Sighting[]> {
    const landmarks = await this.nets.landmarks.locate(frame, finds.map((find) => landmarkWindow(find, frame.timestamp)));
    const astray = finds.flatMap((find, i) => (find.track !== null && isAstray(landmarks[i]!, find.detection) ? [i] : []));
    const corrected = await this.nets.landmarks.locate(frame, astray.map((i) => windowOfDetection(finds[i]!.detection)));
    for (const [k, i] of astray.entries()) landmarks[i] = corrected[k]!;
    return finds.map(({ detection }, i) => ({
      box: detection.box,
      score: detection.score,
      landmarks: landmarks[i]!,
      patch: facePatch(frame, landmarks[i]!),
      evidence: 'detected',
    }));
  }

  /** True when a face has taken another's place (a cut that went unnoticed). */
  private async isSomebodyElse(frame: Frame, track: Track, sighting: Sighting): Promise<boolean> {
    if (!track.settled || patchSimilarity(track.patch, sighting.patch) > CHANGED || this.touches(track, MIXING)) return false;
    const [descriptor] = await this.nets.descriptor.describe(frame, [sighting.landmarks]);
    const apart = this.identities.distance(track.id, descriptor!);
    return Number.isFinite(apart) && apart > OTHER_PERSON;
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
    const presences = await this.nets.presence.probabilities(
      frame,
      followed.map(({ track }) => {
        const window = expectedWindow(track, frame.timestamp);
        return { ...window, center: centerOf(track.motion.predict(frame.timestamp)), side: Math.max(track.box.width, track.box.height) * 1.5 };
      }),
    );
    for (const [i, { track, sighting }] of followed.entries()) {
      if (presences[i]! >= STILL_PRESENT) seen.set(track, { ...sighting, score: Math.min(sighting.score, presences[i]!) });
    }
  }

  /** Gives newcomers their identity. */
  private async welcome(
    frame: Frame,
    births: readonly { readonly find: Find; readonly sighting: Sighting }[],
    seen: Map<Track, Sighting>,
  ): Promise<void> {
    if (births.length === 0) return;
    const time = frame.timestamp;
    const descriptors = await this.nets.descriptor.describe(frame, births.map(({ sighting }) => sighting.landmarks));
    const candidates = births.map(({ sighting }, i) => this.candidate(descriptors[i]!, sighting));
    const recognitions = this.identities.recognise(candidates, this.presentIds(), time);
    for (const [i, { find, sighting }] of births.entries()) {
      const recognition = recognitions[i]!;
      const id = recognition.kind === 'known' ? recognition.id : this.identities.create(time);
      const believed = find.detection.score >= this.nets.detector.scores.strong && find.presence! >= CLEARLY_PRESENT;
      const track = new Track(id, ++this.tracklets, sighting, time, believed);
      if (recognition.kind === 'open') track.open = { clearLooks: Number(candidates[i]!.clear), nextLook: time + RECOGNITION_PAUSE };
      else this.identities.learn(id, descriptors[i]!, weightOf(track));
      this.tracks.push(track);
      seen.set(track, sighting);
    }
  }

  /** Takes over what was seen, carries what was not, and lets go of what has not been seen for too long. */
  private settleTracks(seen: ReadonlyMap<Track, Sighting>, time: number): void {
    this.tracks = this.tracks.filter((track) => {
      const sighting = seen.get(track);
      if (sighting !== undefined) {
        if (track.born !== time) track.see(sighting, time);
        if (track.settled) this.identities.seen(track.id, time);
      } else {
        track.carry(time);
      }
      const unseen = time - track.lastSeen;
      if (!track.refuted && unseen <= (track.believed ? CARRY_SECONDS : DOUBTFUL_SECONDS)) return true;
      this.lose(track, track.box, time);
      return false;
    });
  }

  /** Settles who the open ones are, and puts right ids that may have been exchanged when faces passed each other. */
  private async tellApart(frame: Frame): Promise<void> {
    const time = frame.timestamp;
    const open = this.tracks.filter((track) => track.open !== null && track.evidence !== 'carried' && time >= track.open.nextLook);
    const descriptors = await this.describe(frame, open);
    for (const [i, track] of open.entries()) this.askAgain(track, descriptors[i]!, time);
    this.markMixed();
    const apart = this.tracks.filter((track) => track.mixed && track.evidence !== 'carried' && !this.touches(track, SEPARATE));
    if (apart.length > 0 && this.tracks.every((track) => !track.mixed || apart.includes(track))) await this.exchange(frame, apart);
  }

  /** One more look at a face of which it is open whose it is; the last one decides. */
  private askAgain(track: Track, descriptor: FaceDescriptor, time: number): void {
    const open = track.open!;
    open.nextLook = time + RECOGNITION_PAUSE;
    const candidate = this.candidate(descriptor, track, track);
    if (candidate.clear) open.clearLooks++;
    const [recognition] = this.identities.recognise([candidate], this.presentIds(), time);
    if (recognition!.kind === 'open' && open.clearLooks < LOOKS_TO_RECOGNISE && time - track.born < LONGEST_QUESTION) return;
    if (recognition!.kind === 'known') {
      this.identities.discard(track.id);
      track.id = recognition!.id;
    }
    track.open = null;
    this.identities.learn(track.id, descriptor, weightOf(track));
  }

  private presentIds(): Set<number> {
    return new Set(this.tracks.map(({ id }) => id));
  }

  private candidate(descriptor: FaceDescriptor, { box, landmarks, patch }: Pick<Sighting, 'box' | 'landmarks' | 'patch'>, self: Track | null = null): Candidate {
    const hidden = this.tracks.some((other) => other !== self && intersectionOverSmaller(other.box, box) > MIXING);
    return { descriptor, box, clear: !hidden && faceQuality(landmarks, patch).overall >= TEACHABLE };
  }

  private touches(track: Track, overlap: number): boolean {
    return this.tracks.some((other) => other !== track && intersectionOverSmaller(track.box, other.box) > overlap);
  }

  private markMixed(): void {
    for (const track of this.tracks) if (track.settled && this.touches(track, MIXING)) track.mixed = true;
  }

  private async exchange(frame: Frame, tracks: readonly Track[]): Promise<void> {
    for (const track of tracks) track.mixed = false;
    if (tracks.length < 2) return;
    const descriptors = await this.describe(frame, tracks);
    const ids = tracks.map(({ id }) => id);
    const cost = descriptors.map((descriptor) => ids.map((id) => this.identities.distance(id, descriptor)));
    const best = assign(cost);
    if (cost.flat().some((value) => !Number.isFinite(value))) return;
    const gain = best.reduce((sum, [row, column]) => sum + cost[row]![row]! - cost[row]![column]!, 0);
    const changed = best.filter(([row, column]) => row !== column).length;
    if (best.length === tracks.length && changed > 0 && gain > EXCHANGE_MARGIN * changed) {
      for (const [row, column] of best) tracks[row]!.id = ids[column]!;
    }
  }

  /** Describes faces again now and then, so that their owners are known from more than one side. */
  private async learn(frame: Frame): Promise<void> {
    const time = frame.timestamp;
    const due = this.tracks.filter(
      (track) => track.settled && !track.mixed && track.evidence === 'detected' && time >= track.nextDescription && qualityOf(track) >= TEACHABLE,
    );
    const descriptors = await this.describe(frame, due);
    for (const [i, track] of due.entries()) {
      track.described(time);
      if (this.identities.distance(track.id, descriptors[i]!) < LEARNABLE) this.identities.learn(track.id, descriptors[i]!, weightOf(track));
    }
  }

  private describe(frame: Frame, tracks: readonly Track[]): Promise<FaceDescriptor[]> {
    return this.nets.descriptor.describe(frame, tracks.map(({ landmarks }) => landmarks));
  }
}

/** True when a sighting of another face lies where `box` is. */
function isTaken(box: Box, seen: ReadonlyMap<Track, Sighting>): boolean {
  return [...seen.values()].some((other) => intersectionOverSmaller(other.box, box) >= DUPLICATE);
}

/** Two faces have ended up in one place: following them has gone wrong for one. */
function convergeOnOne(sightings: readonly (Sighting | null)[]): boolean {
  return sightings.some((one, i) => sightings.some((other, j) => j > i && intersectionOverSmaller(one!.box, other!.box) >= DUPLICATE));
}

function qualityOf(track: Track): number {
  return faceQuality(track.landmarks, track.patch).overall;
}

function weightOf(track: Track): number {
  return 0.1 + qualityOf(track);
}

/** Known faces are looked for where their points were, which is steadier than the detector's box, unless they jumped. */
function landmarkWindow({ detection, track }: Find, time: number): FaceWindow {
  if (track === null || track.evidence === 'carried') return windowOfDetection(detection);
  const jump = distance(centerOf(detection.box), centerOf(track.motion.predict(time))) / sizeOf(detection.box);
  return jump > 0.12 ? windowOfDetection(detection) : expectedWindow(track, time);
}

/** The landmarks have slipped off the face that the detector sees. */
function isAstray(landmarks: Sighting['landmarks'], { box }: Detection): boolean {
  const bounds = boundsOf(landmarks);
  const growth = Math.log(Math.max(bounds.width, bounds.height) / Math.max(box.width, box.height));
  return distance(centerOf(bounds), centerOf(box)) > 0.35 * sizeOf(box) || Math.abs(growth) > Math.log(1.6);
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
