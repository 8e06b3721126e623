import { faceCrop, facePatch } from '../../ingest/face/align/align-face.js';
import type { FacePatch } from '../../ingest/face/align/align-face.js';
import type { Point } from '../../ingest/face/align/geometry.js';
import { FaceFollower } from '../../ingest/face/face-follower.js';
import type { KnownPerson } from '../../ingest/face/re-identify/identities.js';
import type { TrackedFace } from '../../ingest/face/track/track.js';
import type { Frame } from '../../ingest/frame.js';
import { priorAdapter } from '../../model/class-prior.js';
import type { PriorAdapter } from '../../model/class-prior.js';
import type { FaceCrop } from '../../model/crop-geometry.js';
import { isInAreas } from './pipeline-settings.js';
import type { Areas, PipelineSettings } from './pipeline-settings.js';
import { ClipWindow } from './clip-window.js';
import { localEncoder } from './face-encoder.js';
import type { FaceEncoder } from './face-encoder.js';
import { measureFace } from './face-measures.js';
import type { FrameObservation, FrameResult, MeasuredFace } from './frame-result.js';
import type { Networks } from './networks.js';
import { SpeakingDetector } from './speaking.js';

export interface FacePipelineOptions extends Omit<PipelineSettings, 'backend' | 'detector' | 'model' | 'flipTta'> {
  /** True (live): each frame is answered at once, from the past alone. False: frames wait until those after them are known. */
  readonly causal?: boolean;
}

/**
 * Frames of one video in, results out: find and follow faces, align and encode them, classify over the clip window.
 * One result per frame, in order. Recorded and live footage both go through here.
 */
export class FacePipeline {
  private readonly follower: FaceFollower;
  private readonly window: ClipWindow;
  private readonly speaking = new SpeakingDetector();
  private readonly areas: Areas;
  private readonly priorAdapter: PriorAdapter;
  /** Largest number of faces that `maxFaces` has left out of any one frame so far. */
  leftOut = 0;
  private readonly encoder: FaceEncoder;
  /** Features by landmarks: a repeated picture has the same ones. */
  private readonly encoded = new WeakMap<readonly Point[], Promise<Float32Array>>();
  private readonly follow = serial();
  private readonly encode: Stage;
  private readonly classify = serial();
  private before: { readonly frame: Frame; readonly observed: Promise<unknown> } | null = null;

  /** @param networks stay the caller's: dispose them after the last pipeline */
  constructor(
    private readonly networks: Pick<Networks, 'faces' | 'model'> & Partial<Pick<Networks, 'encoder'>>,
    {
      detectEvery,
      minFaceSize,
      minScore,
      maxFaces,
      rotate,
      smoothing,
      prior,
      region,
      ignore,
      minQuality,
      minCertainty,
      causal = false,
    }: FacePipelineOptions,
  ) {
    this.follower = new FaceFollower(networks.faces, {
      detectEvery,
      rotate,
      minSize: minFaceSize,
      ...(maxFaces === null ? {} : { maxFaces }),
      ...(minScore === null ? {} : { minScore }),
    });
    this.encoder = networks.encoder ?? localEncoder(networks.model);
    this.encode = this.encoder.width === 1 ? serial() : (task) => task();
    this.areas = { region, ignore };
    this.priorAdapter = priorAdapter(networks.model, prior);
    this.window = new ClipWindow(networks.model, {
      causal,
      smoothing,
      prior: this.priorAdapter,
      trust: { minQuality, minCertainty },
    });
  }

  /**
   * Takes the next frame; resolves to the results that have become final (exactly one when causal).
   * The next frame may be pushed before this one is done: its faces are then followed while this frame's are encoded.
   * @throws FerError USAGE as `FaceFollower.update`
   */
  async push(frame: Frame): Promise<FrameResult[]> {
    const found = this.follow(async () => {
      if (frame.unreadable !== undefined) return { faces: [], accepted: [] };
      const tracked = await this.follower.update(frame);
      const faces = tracked.filter(({ box }) => isInAreas(box, frame, this.areas));
      this.leftOut = Math.max(this.leftOut, this.follower.leftOut);
      return { faces, accepted: this.follower.accepted };
    });
    const observed = this.encode(async () => {
      const { faces, accepted } = await found;
      return { ...(await this.observe(frame, faces)), accepted };
    });
    // They wait behind earlier frames; who awaits the results gets the error.
    for (const work of [found, observed]) work.catch(() => undefined);
    this.releaseBefore(frame, found, observed);
    return this.classify(async () => this.finished(await this.window.push(await observed)));
  }

  /** A frame is seen for the last time when it has been observed, and the follower has compared the next frame with it. */
  private releaseBefore(frame: Frame, found: Promise<unknown>, observed: Promise<unknown>): void {
    const { before } = this;
    this.before = { frame, observed };
    if (before?.frame.release !== undefined)
      Promise.all([found, before.observed]).then(before.frame.release, () => undefined);
  }

  /** Encodes and measures the faces of one frame in one call; from here on the pixels are gone. */
  private async observe(frame: Frame, faces: readonly TrackedFace[]): Promise<FrameObservation> {
    const { data: _, release: __, ...info } = frame;
    const { crop } = this.networks.model;
    const patches = faces.map((face) => patchOf(frame, face));
    const crops: FaceCrop[] = [];
    const news: TrackedFace[] = [];
    for (const [i, face] of faces.entries()) {
      if (this.encoded.has(face.landmarks)) continue;
      news.push(face);
      crops.push(faceCrop(frame, face.landmarks, patches[i]!, crop));
    }
    const encoding = this.encoder.encode(crops);
    for (const [i, { landmarks }] of news.entries())
      this.encoded.set(
        landmarks,
        encoding.then((all) => all[i]!),
      );
    const features = await Promise.all(faces.map(({ landmarks }) => this.encoded.get(landmarks)!));
    return {
      ...info,
      faces: faces.map((face, i) => ({ face: measured(face, patches[i]!), features: features[i]! })),
    };
  }

  /** The results of all frames still waiting; call once, after the last frame. */
  flush(): Promise<FrameResult[]> {
    const accepted = this.follow(() => Promise.resolve(this.follower.finish()));
    accepted.catch(() => undefined); // it waits behind the last frames; who awaits the results gets the error
    return this.classify(async () => this.finished(await this.window.flush(await accepted)));
  }

  /** Frames whose faces are encoded at a time. */
  get encodesAtOnce(): number {
    return this.encoder.width;
  }

  /** Everybody seen so far, by track id. */
  get knownPeople(): KnownPerson[] {
    return this.follower.known;
  }

  /** Adds values that need results in order. */
  private finished(results: readonly FrameResult[]): FrameResult[] {
    return results.map((result) => this.speaking.mark(result));
  }

  /** Class frequencies in force, by label; estimated ones as they stand now. Null for a model that does not know those of its training set. */
  get prior(): Readonly<Record<string, number>> | null {
    const { prior } = this.priorAdapter;
    return prior && Object.fromEntries(this.networks.model.labels.labels.map((label, k) => [label, prior[k]!]));
  }

  /** Waits for the work under way, then frees what is remembered of the faces. */
  async dispose(): Promise<void> {
    // What is classified has been encoded.
    for (const stage of [this.follow, this.encode, this.classify]) await stage(() => Promise.resolve());
    this.follower.dispose();
  }
}

/** Whatever hides a face is visible at the place of the face. */
function patchOf(frame: Frame, { evidence, landmarks, patch }: TrackedFace): FacePatch {
  return evidence === 'coasted' ? facePatch(frame, landmarks) : patch;
}

function measured({ patch: _, ...face }: TrackedFace, seen: FacePatch): MeasuredFace {
  return { ...face, ...measureFace(seen, face.landmarks) };
}

type Stage = <T>(task: () => Promise<T>) => Promise<T>;

/** Runs tasks one after the other, in the order of the calls. A failed task does not stop those after it. */
function serial(): Stage {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const result = last.then(task);
    last = result.catch(() => undefined);
    return result;
  };
}
