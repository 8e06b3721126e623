import type { Frame } from '../frame.js';
import { patchSimilarity } from './appearance.js';
import { assign } from './assignment.js';
import type { DescriptorNet, FaceDescriptor } from './descriptor.js';
import { type Box, intersectionOverSmaller } from './geometry.js';
import { type Candidate, Identities, OTHER_PERSON } from './identities.js';
import { faceQuality } from './quality.js';
import { type Sighting, Track } from './track.js';

/** Less likeness than this between two consecutive looks makes one ask whether it is still the same person. */
const CHANGED = 0.4;
/** Overlap of two faces from which they can be mixed up, and to which it must fall before they are told apart again. */
const MIXING = 0.12;
const SEPARATE = 0.03;
/** What the other arrangement of ids must gain, per face, before ids are exchanged. */
const EXCHANGE_MARGIN = 0.1;
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

/** A face that nobody in the picture accounts for. */
export interface Birth {
  readonly sighting: Sighting;
  /** That it is a face needs no further look. */
  readonly believed: boolean;
}

/** Gives faces their owners: describes them, compares them with everybody seen before, and mends mix-ups. */
export class WhoIsWho {
  private readonly identities = new Identities();
  private tracklets = 0;

  constructor(private readonly net: DescriptorNet) {}

  /** After a cut nobody is to be expected anywhere. */
  forgetPlaces(): void {
    this.identities.forgetPlaces();
  }

  seen(track: Track, time: number): void {
    if (track.settled) this.identities.seen(track.id, time);
  }

  /** @param box where it was lost; null when that says nothing */
  lose(track: Track, box: Box | null, time: number): void {
    if (track.settled) this.identities.lose(track.id, box, time);
    else this.identities.discard(track.id);
  }

  /** Tracks for newcomers, each with an identity, or with a provisional one while it is open whose face it is. */
  async welcome(frame: Frame, births: readonly Birth[], present: readonly Track[]): Promise<Track[]> {
    if (births.length === 0) return [];
    const time = frame.timestamp;
    const descriptors = await this.net.describe(
      frame,
      births.map(({ sighting }) => sighting.landmarks),
    );
    const candidates = births.map(({ sighting }, i) => candidate(descriptors[i]!, sighting, present));
    const recognitions = this.identities.recognise(candidates, idsOf(present), time);
    return births.map(({ sighting, believed }, i) => {
      const recognition = recognitions[i]!;
      const id = recognition.kind === 'known' ? recognition.id : this.identities.create(time);
      const track = new Track(id, ++this.tracklets, sighting, time, believed);
      if (recognition.kind === 'open')
        track.open = { clearLooks: Number(candidates[i]!.clear), nextLook: time + RECOGNITION_PAUSE };
      else this.identities.learn(id, descriptors[i]!, weightOf(track));
      return track;
    });
  }

  /** True when a face has taken another's place (a cut that went unnoticed). */
  async isSomebodyElse(frame: Frame, track: Track, sighting: Sighting, present: readonly Track[]): Promise<boolean> {
    if (!track.settled || patchSimilarity(track.patch, sighting.patch) > CHANGED || touches(track, present, MIXING))
      return false;
    const [descriptor] = await this.net.describe(frame, [sighting.landmarks]);
    const apart = this.identities.distance(track.id, descriptor!);
    return Number.isFinite(apart) && apart > OTHER_PERSON;
  }

  /** Settles who the open ones are, and puts right ids that may have been exchanged when faces passed each other. */
  async tellApart(frame: Frame, tracks: readonly Track[]): Promise<void> {
    const time = frame.timestamp;
    const open = tracks.filter(
      (track) => track.open !== null && track.evidence !== 'carried' && time >= track.open.nextLook,
    );
    const descriptors = await this.describe(frame, open);
    for (const [i, track] of open.entries()) this.askAgain(track, descriptors[i]!, tracks, time);
    for (const track of tracks) if (track.settled && touches(track, tracks, MIXING)) track.mixed = true;
    const apart = tracks.filter(
      (track) => track.mixed && track.evidence !== 'carried' && !touches(track, tracks, SEPARATE),
    );
    if (apart.length > 0 && tracks.every((track) => !track.mixed || apart.includes(track)))
      await this.exchange(frame, apart);
  }

  /** Describes faces again now and then, so that their owners are known from more than one side. */
  async learn(frame: Frame, tracks: readonly Track[]): Promise<void> {
    const time = frame.timestamp;
    const due = tracks.filter(
      (track) =>
        track.settled &&
        !track.mixed &&
        track.evidence === 'detected' &&
        time >= track.nextDescription &&
        qualityOf(track) >= TEACHABLE,
    );
    const descriptors = await this.describe(frame, due);
    for (const [i, track] of due.entries()) {
      track.described(time);
      if (this.identities.distance(track.id, descriptors[i]!) < LEARNABLE)
        this.identities.learn(track.id, descriptors[i]!, weightOf(track));
    }
  }

  /** One more look at a face of which it is open whose it is; the last one decides. */
  private askAgain(track: Track, descriptor: FaceDescriptor, tracks: readonly Track[], time: number): void {
    const open = track.open!;
    open.nextLook = time + RECOGNITION_PAUSE;
    const asked = candidate(descriptor, track, tracks, track);
    if (asked.clear) open.clearLooks++;
    const [recognition] = this.identities.recognise([asked], idsOf(tracks), time);
    if (recognition!.kind === 'open' && open.clearLooks < LOOKS_TO_RECOGNISE && time - track.born < LONGEST_QUESTION)
      return;
    if (recognition!.kind === 'known') {
      this.identities.discard(track.id);
      track.id = recognition!.id;
    }
    track.open = null;
    this.identities.learn(track.id, descriptor, weightOf(track));
  }

  private async exchange(frame: Frame, tracks: readonly Track[]): Promise<void> {
    for (const track of tracks) track.mixed = false;
    if (tracks.length < 2) return;
    const descriptors = await this.describe(frame, tracks);
    const ids = tracks.map(({ id }) => id);
    const cost = descriptors.map((descriptor) => ids.map((id) => this.identities.distance(id, descriptor)));
    if (cost.flat().some((value) => !Number.isFinite(value))) return;
    const best = assign(cost);
    const gain = best.reduce((sum, [row, column]) => sum + cost[row]![row]! - cost[row]![column]!, 0);
    const changed = best.filter(([row, column]) => row !== column).length;
    if (best.length === tracks.length && changed > 0 && gain > EXCHANGE_MARGIN * changed) {
      for (const [row, column] of best) tracks[row]!.id = ids[column]!;
    }
  }

  private describe(frame: Frame, tracks: readonly Track[]): Promise<FaceDescriptor[]> {
    return this.net.describe(
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
  descriptor: FaceDescriptor,
  { box, landmarks, patch }: Pick<Sighting, 'box' | 'landmarks' | 'patch'>,
  present: readonly Track[],
  self: Track | null = null,
): Candidate {
  const hidden = present.some((other) => other !== self && intersectionOverSmaller(other.box, box) > MIXING);
  return { descriptor, box, clear: !hidden && faceQuality(landmarks, patch).overall >= TEACHABLE };
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
