import type { FacePatch } from '../align/align-face.js';
import type { FaceQuality, Pose } from '../align/face-quality.js';
import { rollOfLandmarks } from '../align/geometry.js';
import type { Box, Point } from '../align/geometry.js';
import { BoxMotion } from './box-motion.js';

/**
 * What a face in this frame rests on: a detection, landmarks followed from the frame before,
 * or the motion model alone (the face is hidden or was missed).
 */
export type FaceEvidence = 'detected' | 'followed' | 'coasted';

/** A face in one frame, with the identity it keeps through the footage. */
export interface TrackedFace {
  /** From 1; the same person keeps it through missed detections, cuts and absences. May change while `provisional`. */
  readonly trackId: number;
  /** A stretch of uninterrupted following, from 1. Its person may be decided only after the first frames. */
  readonly tracklet: number;
  readonly box: Box;
  /** 0..1, the detector's score, or the follower's confidence between detections. */
  readonly score: number;
  /** The 68 points of the iBUG scheme. */
  readonly landmarks: readonly Point[];
  /** As it was last seen. */
  readonly patch: FacePatch;
  readonly quality: FaceQuality;
  readonly evidence: FaceEvidence;
  /**
   * True while the track is not confirmed to be a face, and while it coasts. Later frames decide whether this was a face
   * (recorded footage); until then it is not shown (live).
   */
  readonly tentative: boolean;
  /** True while it is undecided whose face it is: `trackId` is the best guess. */
  readonly provisional: boolean;
}

/** One face as seen in one frame. */
export interface Sighting {
  readonly box: Box;
  readonly score: number;
  readonly landmarks: readonly Point[];
  readonly patch: FacePatch;
  readonly evidence: Exclude<FaceEvidence, 'coasted'>;
}

/** Votes that confirm a doubtful face, the time they must span, and the time they are gathered in, both in seconds. */
const VOTES_TO_CONFIRM = 3;
const SPAN_TO_CONFIRM = 0.08;
export const DOUBTFUL_SECONDS = 0.15;
/** Votes against a doubtful face that refute it. */
const VOTES_TO_REFUTE = 2;
/** Seconds until a face is embedded again; the pause grows so that a long video costs no more. */
const FIRST_PAUSE = 0.8;
const PAUSE_GROWTH = 3;

/** Evidence about a face while its identity is undecided. */
interface Undecided {
  clearLooks: number;
  nextLook: number;
  /** The track's id was created for it; otherwise it is a known person's, the best guess. */
  readonly created: boolean;
  /** The last look. */
  look: { readonly embedding: Float32Array; readonly pose: Pose };
}

/** A face that is followed through consecutive frames. */
export class Track {
  readonly born: number;
  readonly motion: BoxMotion;
  box: Box;
  landmarks!: readonly Point[];
  patch!: FacePatch;
  score!: number;
  evidence!: FaceEvidence;
  /** Time of the last frame with a sighting. */
  lastSeen!: number;
  /** This is a face, not a false detection. */
  confirmed: boolean;
  /** While the identity is undecided; null once it is decided. */
  undecided: Undecided | null = null;
  /** Has been so close to another face that their ids may have been swapped. */
  mixed = false;
  nextEmbedding: number;
  /** The patch of the last frame in which the detector saw the face. */
  reference: FacePatch;
  /** Where it was then, and how sure the detector was. */
  detectedBox: Box;
  detectedScore: number;
  private embeddingPause = FIRST_PAUSE;
  private votesFor = 1;
  private votesAgainst = 0;
  /** Frames in which the face could be voted on while it was doubtful, its first one included. */
  private chances = 1;

  constructor(
    public id: number,
    readonly tracklet: number,
    sighting: Sighting,
    time: number,
    confirmed: boolean,
  ) {
    this.born = time;
    this.motion = new BoxMotion(sighting.box, time);
    this.box = sighting.box;
    this.reference = sighting.patch;
    this.detectedBox = sighting.box;
    this.detectedScore = sighting.score;
    this.confirmed = confirmed;
    this.take(sighting, time);
    this.nextEmbedding = time + FIRST_PAUSE;
  }

  /** A confirmed face whose identity is decided. */
  get identified(): boolean {
    return this.confirmed && this.undecided === null;
  }

  /** In radians, clockwise on screen. */
  get roll(): number {
    return rollOfLandmarks(this.landmarks);
  }

  see(sighting: Sighting, time: number): void {
    this.box = this.motion.correct(sighting.box, time);
    if (sighting.evidence === 'detected') {
      this.reference = sighting.patch;
      this.detectedBox = sighting.box;
      this.detectedScore = sighting.score;
    }
    this.take(sighting, time);
  }

  private take({ landmarks, patch, score, evidence }: Sighting, time: number): void {
    this.landmarks = landmarks;
    this.patch = patch;
    this.score = score;
    this.evidence = evidence;
    this.lastSeen = time;
  }

  /** The picture is the one before, pixel for pixel: so is the face. */
  stay(time: number): void {
    this.motion.correct(this.box, time);
    this.lastSeen = time;
  }

  /** Nothing was seen: the face moves on as before. */
  coast(time: number): void {
    const to = this.motion.predict(time);
    const dx = to.x + to.width / 2 - (this.box.x + this.box.width / 2);
    const dy = to.y + to.height / 2 - (this.box.y + this.box.height / 2);
    this.landmarks = this.landmarks.map(({ x, y }) => ({ x: x + dx, y: y + dy }));
    this.box = { ...this.box, x: this.box.x + dx, y: this.box.y + dy };
    this.evidence = 'coasted';
  }

  /** Another frame has come in which a doubtful face could be seen. Call it before the frame's vote. */
  expect(time: number): void {
    if (time - this.born <= DOUBTFUL_SECONDS) this.chances++;
  }

  /** The face verifier's vote on a face that is not confirmed yet. Where frames are far apart, fewer votes are enough. */
  vote(isFace: boolean, time: number): void {
    if (isFace) this.votesFor++;
    else this.votesAgainst++;
    const enough = this.votesFor >= Math.min(VOTES_TO_CONFIRM, this.chances) && this.votesFor > 2 * this.votesAgainst;
    if (enough && time - this.born >= SPAN_TO_CONFIRM) this.confirmed = true;
  }

  get refuted(): boolean {
    return !this.confirmed && this.votesAgainst >= VOTES_TO_REFUTE;
  }

  /** Whether a face that ends unconfirmed counts: yes, unless there were enough frames to confirm it. */
  get plausible(): boolean {
    return this.confirmed || (!this.refuted && this.chances < VOTES_TO_CONFIRM);
  }

  /** Sets the time of the next embedding, a while later each time. */
  embedded(time: number): void {
    this.nextEmbedding = time + this.embeddingPause;
    this.embeddingPause *= PAUSE_GROWTH;
  }
}
