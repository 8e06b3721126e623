import type { Frame } from '../../frame.js';
import { patchSimilarity } from '../align/face-patch.js';
import { faceQuality } from '../align/face-quality.js';
import { type Box, intersectionOverSmaller } from '../align/geometry.js';
import { assign } from '../track/assignment.js';
import { type Sighting, Track } from '../track/track.js';
import type { EmbeddingNet, FaceEmbedding } from './embedding-net.js';
import { type Candidate, Identities, OTHER_PERSON } from './identities.js';

/** Below this similarity of two consecutive patches, check whether it is still the same person. */
const CHANGED = 0.4;
/** Overlap from which two faces can be mixed up, and to which it must fall before they are told apart again. */
const MIXING = 0.12;
const SEPARATE = 0.03;
/** What another arrangement of ids must gain, per face, before ids are exchanged. */
const EXCHANGE_MARGIN = 0.1;
/**
 * Clear looks after which an undecided face counts as new, seconds between them, and seconds after which it does in any
 * case: less than the look-ahead of recorded footage, so that the first frames get the id decided later.
 */
const LOOKS_TO_DECIDE = 3;
const LOOK_PAUSE = 0.08;
const LONGEST_UNDECIDED = 0.8;
/** A face of lower quality, or farther from its person's mean, is not added to that mean. */
const TEACHABLE = 0.35;
const LEARNABLE = 0.52;

/** A verified face that no track accounts for. */
export interface NewTrack {
  readonly sighting: Sighting;
  /** It needs no further verification. */
  readonly confirmed: boolean;
}

/** Gives tracks their person ids: embeds faces, compares them with everybody seen before, and undoes swaps. */
export class ReIdentifier {
  private readonly identities = new Identities();
  private tracklets = 0;

  constructor(private readonly net: EmbeddingNet) {}

  /** After a cut nobody is expected anywhere. */
  forgetPlaces(): void {
    this.identities.forgetPlaces();
  }

  seen(track: Track, time: number): void {
    if (track.identified) this.identities.seen(track.id, time);
  }

  /** @param box where it was lost; null when that says nothing */
  lose(track: Track, box: Box | null, time: number): void {
    if (track.identified) this.identities.lose(track.id, box, time);
    else this.identities.discard(track.id);
  }

  /** Tracks for new faces, each with a person id, provisional while it is undecided. */
  async startTracks(frame: Frame, faces: readonly NewTrack[], present: readonly Track[]): Promise<Track[]> {
    if (faces.length === 0) return [];
    const time = frame.timestamp;
    const embeddings = await this.net.embed(
      frame,
      faces.map(({ sighting }) => sighting.landmarks),
    );
    const candidates = faces.map(({ sighting }, i) => candidate(embeddings[i]!, sighting, present));
    const identifications = this.identities.identify(candidates, idsOf(present), time);
    return faces.map(({ sighting, confirmed }, i) => {
      const identification = identifications[i]!;
      const id = identification.kind === 'known' ? identification.id : this.identities.create(time);
      const track = new Track(id, ++this.tracklets, sighting, time, confirmed);
      if (identification.kind === 'undecided')
        track.undecided = { clearLooks: Number(candidates[i]!.clear), nextLook: time + LOOK_PAUSE };
      else this.identities.learn(id, embeddings[i]!, weightOf(track));
      return track;
    });
  }

  /** True when another person has taken a face's place (a cut that went unnoticed). */
  async isSomebodyElse(frame: Frame, track: Track, sighting: Sighting, present: readonly Track[]): Promise<boolean> {
    if (!track.identified || patchSimilarity(track.patch, sighting.patch) > CHANGED || touches(track, present, MIXING))
      return false;
    const [embedding] = await this.net.embed(frame, [sighting.landmarks]);
    const apart = this.identities.distance(track.id, embedding!);
    return Number.isFinite(apart) && apart > OTHER_PERSON;
  }

  /** Decides undecided identities, and undoes id swaps after faces have passed each other. */
  async tellApart(frame: Frame, tracks: readonly Track[]): Promise<void> {
    const time = frame.timestamp;
    const undecided = tracks.filter(
      (track) => track.undecided !== null && track.evidence !== 'carried' && time >= track.undecided.nextLook,
    );
    const embeddings = await this.embed(frame, undecided);
    for (const [i, track] of undecided.entries()) this.lookAgain(track, embeddings[i]!, tracks, time);
    for (const track of tracks) if (track.identified && touches(track, tracks, MIXING)) track.mixed = true;
    const apart = tracks.filter(
      (track) => track.mixed && track.evidence !== 'carried' && !touches(track, tracks, SEPARATE),
    );
    if (apart.length > 0 && tracks.every((track) => !track.mixed || apart.includes(track)))
      await this.exchange(frame, apart);
  }

  /** Embeds faces again now and then, so that their persons are known from more than one side. */
  async learn(frame: Frame, tracks: readonly Track[]): Promise<void> {
    const time = frame.timestamp;
    const due = tracks.filter(
      (track) =>
        track.identified &&
        !track.mixed &&
        track.evidence === 'detected' &&
        time >= track.nextEmbedding &&
        qualityOf(track) >= TEACHABLE,
    );
    const embeddings = await this.embed(frame, due);
    for (const [i, track] of due.entries()) {
      track.embedded(time);
      if (this.identities.distance(track.id, embeddings[i]!) < LEARNABLE)
        this.identities.learn(track.id, embeddings[i]!, weightOf(track));
    }
  }

  /** One more look at a face whose person is undecided; the last one decides. */
  private lookAgain(track: Track, embedding: FaceEmbedding, tracks: readonly Track[], time: number): void {
    const undecided = track.undecided!;
    undecided.nextLook = time + LOOK_PAUSE;
    const look = candidate(embedding, track, tracks, track);
    if (look.clear) undecided.clearLooks++;
    const [identification] = this.identities.identify([look], idsOf(tracks), time);
    const goOn = undecided.clearLooks < LOOKS_TO_DECIDE && time - track.born < LONGEST_UNDECIDED;
    if (identification!.kind === 'undecided' && goOn) return;
    if (identification!.kind === 'known') {
      this.identities.discard(track.id);
      track.id = identification!.id;
    }
    track.undecided = null;
    this.identities.learn(track.id, embedding, weightOf(track));
  }

  private async exchange(frame: Frame, tracks: readonly Track[]): Promise<void> {
    for (const track of tracks) track.mixed = false;
    if (tracks.length < 2) return;
    const embeddings = await this.embed(frame, tracks);
    const ids = tracks.map(({ id }) => id);
    const cost = embeddings.map((embedding) => ids.map((id) => this.identities.distance(id, embedding)));
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

/** @param self the candidate's own track, if it has one: no face hides itself */
function candidate(
  embedding: FaceEmbedding,
  { box, landmarks, patch }: Pick<Sighting, 'box' | 'landmarks' | 'patch'>,
  present: readonly Track[],
  self: Track | null = null,
): Candidate {
  const hidden = present.some((other) => other !== self && intersectionOverSmaller(other.box, box) > MIXING);
  return { embedding, box, clear: !hidden && faceQuality(landmarks, patch).overall >= TEACHABLE };
}

function touches(track: Track, tracks: readonly Track[], overlap: number): boolean {
  return tracks.some((other) => other !== track && intersectionOverSmaller(track.box, other.box) > overlap);
}

function qualityOf(track: Track): number {
  return faceQuality(track.landmarks, track.patch).overall;
}

function weightOf(track: Track): number {
  return 0.1 + qualityOf(track);
}
