import type { Frame } from '../frame.js';
import type { Detection, DetectorScores } from './detector.js';
import type { FacePresence } from './face-presence.js';
import { presenceWindow } from './face-window.js';
import { type Find, onSameFace } from './find.js';
import { expectedWindow } from './follow.js';
import { type Box, centerOf, intersectionOverUnion, sizeOf } from './geometry.js';
import type { Sighting, Track } from './track.js';

/** Presence that lets a newcomer of strong score in, and that says so clearly: a weak one needs that, several times. */
const PRESENT = 0.7;
export const CLEARLY_PRESENT = 0.95;
/** Presence that counts for a face not believed in yet, that backs a weak detection, and that replaces a missing one. */
const CONVINCING = 0.9;
const BACKING = 0.5;
const STILL_PRESENT = 0.8;
/** A newcomer of so little presence is not looked at again for this many seconds; noise alone does not bring it so low. */
const ABSENT = 0.1;
const REJECTED_SECONDS = 0.3;
/** Overlap from which a detection is the one that was rejected a moment ago. */
const SAME_DETECTION = 0.5;

/** What a newcomer must be, at the least, to be looked at. */
export interface Entry {
  readonly minScore: number;
  /** Pixels of the frame. */
  readonly minSize: number;
  /** Newcomers there is room for. */
  readonly room: number;
}

/** The opinion of a second network on what the detector proposes: detectors see faces in lettering and leaves, too. */
export class SecondLook {
  private rejected: { readonly box: Box; readonly time: number }[] = [];

  constructor(
    private readonly presence: FacePresence,
    private readonly scores: DetectorScores,
  ) {}

  /** After a cut, what was rejected before says nothing. */
  forget(): void {
    this.rejected = [];
  }

  /** True when score and presence settle at once that a newcomer is a face. */
  settles({ detection, presence }: Find): boolean {
    return detection.score >= this.scores.strong && presence! >= CLEARLY_PRESENT;
  }

  /**
   * Another look at faces that are not believed in yet, and at believed ones whose detection is weak: what nothing speaks for but
   * a low score counts as not seen.
   * @param minScore a weaker detection does not speak for a face not believed in yet
   */
  async judgeKnown(frame: Frame, finds: readonly Find[], minScore: number): Promise<Find[]> {
    const doubtful = finds.filter(({ track, detection }) => !track!.believed || detection.score < this.scores.strong);
    const presences = await this.presence.probabilities(
      frame,
      doubtful.map(({ detection }) => presenceWindow(detection)),
    );
    const unbacked = new Set<Find>();
    for (const [i, find] of doubtful.entries()) {
      const presence = presences[i]!;
      if (!find.track!.believed)
        find.track!.look(find.detection.score >= minScore && presence >= CONVINCING, frame.timestamp);
      else if (presence < BACKING) unbacked.add(find);
    }
    return finds.filter((find) => !unbacked.has(find));
  }

  /**
   * Detections that nobody was expected at become newcomers only if the presence network finds a face there, too.
   * @param known boxes of the faces that are in the picture already
   */
  async judgeNewcomers(
    frame: Frame,
    detections: readonly Detection[],
    known: readonly Box[],
    { minScore, minSize, room }: Entry,
  ): Promise<Find[]> {
    const time = frame.timestamp;
    this.rejected = this.rejected.filter((rejection) => time - rejection.time < REJECTED_SECONDS);
    const candidates = detections
      .filter(({ box, score }) => score >= minScore && sizeOf(box) >= minSize)
      .filter(({ box }) => !known.some((other) => onSameFace(other, box)))
      .filter(({ box }) =>
        this.rejected.every(
          (rejection) => rejection.time === time || intersectionOverUnion(rejection.box, box) < SAME_DETECTION,
        ),
      )
      .slice(0, Math.max(0, room));
    const presences = await this.presence.probabilities(frame, candidates.map(presenceWindow));
    const accepted: Find[] = [];
    for (const [i, detection] of candidates.entries()) {
      const presence = presences[i]!;
      const enough = detection.score >= this.scores.strong ? PRESENT : CLEARLY_PRESENT;
      if (presence >= enough) accepted.push({ detection, track: null, presence });
      else if (presence < ABSENT) this.rejected.push({ box: detection.box, time });
    }
    return accepted;
  }

  /** Which sightings by landmarks alone the presence network vouches for; their score is what it says at most. */
  async vouch(
    frame: Frame,
    followed: readonly { readonly track: Track; readonly sighting: Sighting }[],
  ): Promise<Map<Track, Sighting>> {
    const presences = await this.presence.probabilities(
      frame,
      followed.map(({ track }) => ({
        ...expectedWindow(track, frame.timestamp),
        center: centerOf(track.motion.predict(frame.timestamp)),
        side: Math.max(track.box.width, track.box.height) * 1.5,
      })),
    );
    const vouched = new Map<Track, Sighting>();
    for (const [i, { track, sighting }] of followed.entries()) {
      const presence = presences[i]!;
      if (presence >= STILL_PRESENT) vouched.set(track, { ...sighting, score: Math.min(sighting.score, presence) });
    }
    return vouched;
  }
}
