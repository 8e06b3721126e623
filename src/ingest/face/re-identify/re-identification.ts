import type { Frame } from '../../frame.js';
import { patchSimilarity } from '../align/align-face.js';
import { type FaceQuality, faceQuality, poseOf } from '../align/face-quality.js';
import { type Box, intersectionOverSmaller, intersectionOverUnion } from '../align/geometry.js';
import { assign } from '../track/match.js';
import { stillShows } from '../track/sightings.js';
import { type Sighting, Track } from '../track/track.js';
import type { EmbeddingNet, FaceEmbedding } from './embedding-net.js';
import { type Candidate, type Identification, Identities, isOtherFace, type KnownPerson } from './identities.js';

/** Below this similarity of two consecutive patches, check whether it is still the same person. */
const CHANGED = 0.4;
/** From this one on it is, whatever else the picture shows. Measured: the same face 0.97 and more, another's at most 0.76. */
const UNCHANGED = 0.93;
/** Overlap from which two faces can be mixed up, and below which they are compared again. */
const MIXING = 0.12;
const SEPARATE = 0.03;
/** Gain per face that another arrangement of ids needs. */
const EXCHANGE_MARGIN = 0.1;
/**
 * Clear looks after which an undecided face counts as new, seconds between them, and seconds after which it does in any
 * case: less than the look-ahead of recorded footage, so that the first frames get the id decided later.
 */
const LOOKS_TO_DECIDE = 3;
const LOOK_PAUSE = 0.08;
const LONGEST_UNDECIDED = 0.8;
/** A face of lower quality, turned heads not counted as such, teaches nothing about its person. */
const TEACHABLE = 0.35;
/** A face farther from its person is not added to the person's views, or only as the first one in its pose. */
const LEARNABLE = 0.52;
const LEARNABLE_TURNED = 0.8;
/** Overlap with the frame before above which a face has not moved. */
const UNMOVED = 0.8;

/** A verified face that no track accounts for. */
export interface NewTrack {
  readonly sighting: Sighting;
  /** It needs no further verification. */
  readonly confirmed: boolean;
}

/** Gives tracks their person ids: embeds faces, compares them with all people seen before, and undoes swaps. */
export class ReIdentifier {
  private readonly identities = new Identities();
  private tracklets = 0;

  constructor(private readonly net: EmbeddingNet) {}

  get known(): KnownPerson[] {
    return this.identities.known;
  }

  /** After a cut no person is expected at any place. */
  forgetPlaces(): void {
    this.identities.forgetPlaces();
  }

  seen(track: Track, time: number): void {
    if (track.identified) this.identities.seen(track.id, time);
  }

  /**
   * A track ends. One that is still undecided keeps the id it has: that is the best guess.
   * @param box where it was lost; null when that says nothing
   */
  lose(track: Track, box: Box | null, time: number): void {
    const { undecided } = track;
    if (undecided !== null && undecided.created) {
      if (!track.plausible) {
        this.identities.discard(track.id);
        return;
      }
      const { embedding, pose } = undecided.look;
      this.identities.learn(track.id, embedding, pose, weightOf(track));
    }
    this.identities.lose(track.id, box, time);
  }

  /**
   * Tracks for new faces, each with a person id, provisional while it is undecided.
   * @param seen the tracks seen in this frame
   * @param tracks all tracks; those not seen may turn out to be one of the new faces
   */
  async startTracks(
    frame: Frame,
    faces: readonly NewTrack[],
    seen: readonly Track[],
    tracks: readonly Track[],
  ): Promise<Track[]> {
    if (faces.length === 0) return [];
    const time = frame.timestamp;
    const embeddings = await this.net.embed(
      frame,
      faces.map(({ sighting }) => sighting.landmarks),
    );
    const looks = faces.map(({ sighting }, i) => lookAt(embeddings[i]!, sighting, tracks));
    const identifications = this.identities.identify(looks, idsOf(seen), idsOf(tracks), time);
    return faces.map(({ sighting, confirmed }, i) => {
      const identification = identifications[i]!;
      const look = looks[i]!;
      const known = knownId(identification);
      const id = known ?? this.identities.create(time);
      const track = new Track(id, ++this.tracklets, sighting, time, confirmed);
      if (identification.kind === 'undecided')
        track.undecided = {
          clearLooks: Number(look.clear),
          nextLook: time + LOOK_PAUSE,
          created: known === null,
          look,
        };
      else this.identities.learn(id, look.embedding, look.pose, weightOf(track));
      return track;
    });
  }

  /**
   * The tracks whose place another person has taken (a cut that went unnoticed).
   * @param steady no sign of a cut: a face that has not moved is the same one, whatever its embedding
   */
  async findReplaced(
    frame: Frame,
    sightings: ReadonlyMap<Track, Sighting>,
    present: readonly Track[],
    steady: boolean,
  ): Promise<Set<Track>> {
    const doubtful = [...sightings].filter(([track, sighting]) => {
      const isComparable = track.identified || (!steady && track.undecided !== null);
      if (!isComparable || touches(track, present, MIXING) || stillShows(frame, track)) return false;
      const similarity = patchSimilarity(track.patch, sighting.patch);
      if (!steady) return similarity < UNCHANGED;
      const unmoved = intersectionOverUnion(track.box, sighting.box) > UNMOVED;
      return !unmoved && similarity <= CHANGED;
    });
    const embeddings = await this.net.embed(
      frame,
      doubtful.map(([, { landmarks }]) => landmarks),
    );
    const replaced = doubtful.filter(([{ id, undecided }, { landmarks, patch }], i) => {
      const pose = poseOf(faceQuality(landmarks, patch).yaw);
      const embedding = embeddings[i]!;
      if (!steady && this.identities.isRatherAnother(id, embedding, pose)) return true;
      if (undecided === null) return this.identities.isSomebodyElse(id, embedding, pose);
      return isOtherFace(undecided.look, { embedding, pose });
    });
    return new Set(replaced.map(([track]) => track));
  }

  /** Decides undecided identities, and undoes id swaps after faces have passed each other. */
  async tellApart(frame: Frame, tracks: readonly Track[]): Promise<void> {
    const time = frame.timestamp;
    const undecided = tracks.filter(
      (track) => track.undecided !== null && track.evidence !== 'coasted' && time >= track.undecided.nextLook,
    );
    const embeddings = await this.embed(frame, undecided);
    for (const [i, track] of undecided.entries()) this.lookAgain(track, embeddings[i]!, tracks, time);
    for (const track of tracks) if (track.identified && touches(track, tracks, MIXING)) track.mixed = true;
    const apart = tracks.filter(
      (track) => track.mixed && track.evidence !== 'coasted' && !touches(track, tracks, SEPARATE),
    );
    if (apart.length > 0 && tracks.every((track) => !track.mixed || apart.includes(track)))
      await this.exchange(frame, apart);
  }

  /** Embeds faces now and then, and when they show a new side, so that their persons are known in every pose. */
  async learn(frame: Frame, tracks: readonly Track[]): Promise<void> {
    const time = frame.timestamp;
    const due = tracks.filter((track) => {
      if (!track.identified || track.mixed || track.evidence !== 'detected') return false;
      const quality = qualityOf(track);
      const isNewPose = !this.identities.knows(track.id, poseOf(quality.yaw));
      return (time >= track.nextEmbedding || isNewPose) && isTeachable(quality);
    });
    const embeddings = await this.embed(frame, due);
    for (const [i, track] of due.entries()) {
      if (time >= track.nextEmbedding) track.embedded(time);
      const pose = poseOf(qualityOf(track).yaw);
      const { apart, alike } = this.identities.separation(track.id, embeddings[i]!, pose);
      if (apart < (alike ? LEARNABLE : LEARNABLE_TURNED))
        this.identities.learn(track.id, embeddings[i]!, pose, weightOf(track));
    }
  }

  /** One more look at a face whose person is undecided; the last one decides. */
  private lookAgain(track: Track, embedding: FaceEmbedding, tracks: readonly Track[], time: number): void {
    const undecided = track.undecided!;
    undecided.nextLook = time + LOOK_PAUSE;
    const others = tracks.filter((other) => other !== track);
    const look = lookAt(embedding, track, others);
    undecided.look = look;
    if (look.clear) undecided.clearLooks++;
    const seen = others.filter(({ evidence }) => evidence !== 'coasted');
    const [identification] = this.identities.identify([look], idsOf(seen), idsOf(others), time);
    const goOn = undecided.clearLooks < LOOKS_TO_DECIDE && time - track.born < LONGEST_UNDECIDED;
    if (identification!.kind === 'undecided' && goOn) return;
    const known = knownId(identification!);
    if (known !== null && known !== track.id) {
      if (undecided.created) this.identities.discard(track.id);
      track.id = known;
    } else if (known === null && !undecided.created) {
      track.id = this.identities.create(time);
    }
    track.undecided = null;
    const { apart } = this.identities.separation(track.id, embedding, look.pose);
    if (known === null || apart < LEARNABLE) this.identities.learn(track.id, embedding, look.pose, weightOf(track));
  }

  private async exchange(frame: Frame, tracks: readonly Track[]): Promise<void> {
    for (const track of tracks) track.mixed = false;
    if (tracks.length < 2) return;
    const embeddings = await this.embed(frame, tracks);
    const ids = tracks.map(({ id }) => id);
    const cost = embeddings.map((embedding, i) =>
      ids.map((id) => this.identities.separation(id, embedding, poseOf(qualityOf(tracks[i]!).yaw)).apart),
    );
    if (cost.flat().some((value) => !Number.isFinite(value))) return;
    const best = assign(cost);
    const gain = best.reduce((sum, [row, column]) => sum + cost[row]![row]! - cost[row]![column]!, 0);
    const changed = best.filter(([row, column]) => row !== column).length;
    if (best.length === tracks.length && changed > 0 && gain > EXCHANGE_MARGIN * changed) {
      for (const [row, column] of best) tracks[row]!.id = ids[column]!;
    }
  }

  private embed(frame: Frame, tracks: readonly Track[]): Promise<FaceEmbedding[]> {
    return this.net.embed(
      frame,
      tracks.map(({ landmarks }) => landmarks),
    );
  }
}

function idsOf(tracks: readonly Track[]): Set<number> {
  return new Set(tracks.map(({ id }) => id));
}

/** The person an identification names, surely or as the best guess; null for a new one. */
function knownId(identification: Identification): number | null {
  if (identification.kind === 'known') return identification.id;
  return identification.kind === 'undecided' ? identification.guess : null;
}

/** @param others tracks that may hide the face */
function lookAt(
  embedding: FaceEmbedding,
  { box, landmarks, patch }: Pick<Sighting, 'box' | 'landmarks' | 'patch'>,
  others: readonly Track[],
): Candidate {
  const hidden = others.some((other) => intersectionOverSmaller(other.box, box) > MIXING);
  const quality = faceQuality(landmarks, patch);
  return { embedding, pose: poseOf(quality.yaw), box, clear: !hidden && quality.overall >= TEACHABLE };
}

/** Sharp and large enough, though perhaps turned. */
function isTeachable({ overall, yaw }: FaceQuality): boolean {
  return overall / Math.max(0.3, Math.cos((yaw * Math.PI) / 180)) >= TEACHABLE;
}

function touches(track: Track, tracks: readonly Track[], overlap: number): boolean {
  return tracks.some((other) => other !== track && intersectionOverSmaller(track.box, other.box) > overlap);
}

function qualityOf(track: Track): FaceQuality {
  return faceQuality(track.landmarks, track.patch);
}

function weightOf(track: Track): number {
  return 0.1 + qualityOf(track).overall;
}
