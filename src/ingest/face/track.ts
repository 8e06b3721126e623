import type { FacePatch } from './appearance.js';
import type { Box, Point } from './geometry.js';
import { BoxMotion } from './motion.js';
import type { FaceEvidence } from './tracked-face.js';

/** One look at a face in one frame. */
export interface Sighting {
  readonly box: Box;
  readonly score: number;
  readonly landmarks: readonly Point[];
  readonly patch: FacePatch;
  readonly evidence: Exclude<FaceEvidence, 'carried'>;
}

/** Looks at a doubtful face before it is believed in, and the time they must span in seconds. */
const LOOKS_TO_BELIEVE = 3;
const SPAN_TO_BELIEVE = 0.08;
/** Looks that find no face before a doubtful one is given up. */
const LOOKS_TO_DOUBT = 2;
/** Seconds until the next description of a face; grows so that a long video costs no more. */
const FIRST_DESCRIPTION = 0.8;
const DESCRIPTION_GROWTH = 3;

/** A face that is being followed through consecutive frames. */
export class Track {
  readonly born: number;
  readonly motion: BoxMotion;
  box: Box;
  landmarks: readonly Point[];
  patch: FacePatch;
  score: number;
  evidence: FaceEvidence;
  /** Time of the last frame with evidence of its own. */
  lastSeen: number;
  /** That it is a face is settled. */
  believed: boolean;
  /** Looks taken while it is still open who it is; null once that is settled. */
  open: { clearLooks: number; nextLook: number } | null = null;
  /** Has been close enough to another face for the two to be mixed up. */
  mixed = false;
  nextDescription: number;
  private descriptionDelay = FIRST_DESCRIPTION;
  private looks = 1;
  private doubts = 0;

  constructor(
    public id: number,
    readonly tracklet: number,
    sighting: Sighting,
    time: number,
    believed: boolean,
  ) {
    this.born = time;
    this.motion = new BoxMotion(sighting.box, time);
    this.box = sighting.box;
    this.landmarks = sighting.landmarks;
    this.patch = sighting.patch;
    this.score = sighting.score;
    this.evidence = sighting.evidence;
    this.lastSeen = time;
    this.believed = believed;
    this.nextDescription = time + FIRST_DESCRIPTION;
  }

  /** Neither that it is a face nor whose is in doubt. */
  get settled(): boolean {
    return this.believed && this.open === null;
  }

  see(sighting: Sighting, time: number): void {
    this.box = this.motion.correct(sighting.box, time);
    this.landmarks = sighting.landmarks;
    this.patch = sighting.patch;
    this.score = sighting.score;
    this.evidence = sighting.evidence;
    this.lastSeen = time;
  }

  /** Nothing was seen: the face moves on as before. */
  carry(time: number): void {
    const to = this.motion.predict(time);
    const dx = to.x + to.width / 2 - (this.box.x + this.box.width / 2);
    const dy = to.y + to.height / 2 - (this.box.y + this.box.height / 2);
    this.landmarks = this.landmarks.map(({ x, y }) => ({ x: x + dx, y: y + dy }));
    this.box = { ...this.box, x: this.box.x + dx, y: this.box.y + dy };
    this.evidence = 'carried';
  }

  /** The outcome of another second look at a face not yet believed in. */
  look(isFace: boolean, time: number): void {
    if (isFace) this.looks++;
    else this.doubts++;
    if (this.looks >= LOOKS_TO_BELIEVE && this.looks > 2 * this.doubts && time - this.born >= SPAN_TO_BELIEVE)
      this.believed = true;
  }

  get refuted(): boolean {
    return !this.believed && this.doubts >= LOOKS_TO_DOUBT;
  }

  /** Sets the time of the next description, a while later each time. */
  described(time: number): void {
    this.nextDescription = time + this.descriptionDelay;
    this.descriptionDelay *= DESCRIPTION_GROWTH;
  }
}
