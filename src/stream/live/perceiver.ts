import * as tf from '@tensorflow/tfjs';
import { FaceFollower, loadFaceNets } from '../../ingest/index.js';
import type { FaceNets, Frame } from '../../ingest/index.js';
import { openBackend, openModel } from '../../model/index.js';
import type { Backend, ExpressionModel } from '../../model/index.js';
import { faceOptions } from '../annotator.js';
import { ClipWindow } from '../clip-window.js';
import type { FrameResult } from '../frame-result.js';
import { encodeFaces } from '../perceive.js';
import type { EngineDescription } from './live-engine.js';
import type { LiveSettings } from './live-options.js';

interface Scene {
  readonly follower: FaceFollower;
  readonly window: ClipWindow;
}

/** Engine, networks and model, and what is remembered of each stream of pictures. One picture at a time. */
export class Perceiver {
  private readonly scenes = new Map<number, Scene>();

  private constructor(
    private readonly settings: LiveSettings,
    private readonly backend: Backend,
    private readonly nets: FaceNets,
    private readonly model: ExpressionModel,
  ) {}

  /** @throws FerError BACKEND_UNAVAILABLE, BACKEND_MISMATCH, WEIGHTS_MISSING, MODEL_INCOMPATIBLE, CONFIG_INVALID */
  static async open(settings: LiveSettings): Promise<Perceiver> {
    const backend = await openBackend({ backend: settings.backend });
    const [nets, model] = await Promise.all([
      loadFaceNets({ detector: settings.detector }),
      openModel(settings.model, { bothSides: settings.bothSides }),
    ]);
    return new Perceiver(settings, backend, nets, model);
  }

  get description(): EngineDescription {
    const { model, backend } = this;
    return {
      model: { name: model.name, version: model.version, labels: model.labels.labels },
      engine: { backend: backend.name, device: backend.device },
    };
  }

  /** Tensors held by the engine. */
  get tensors(): number {
    return tf.memory().numTensors;
  }

  /** @param stream whose picture it is; one that is new, or was forgotten, begins with it */
  async perceive(stream: number, frame: Frame): Promise<FrameResult> {
    const { follower, window } = this.sceneOf(stream);
    const faces = await follower.update(frame);
    const [result] = await window.push(await encodeFaces(frame, faces, this.model));
    return result!;
  }

  forget(stream: number): void {
    this.scenes.get(stream)?.follower.dispose();
    this.scenes.delete(stream);
  }

  private sceneOf(stream: number): Scene {
    const known = this.scenes.get(stream);
    if (known !== undefined) return known;
    const scene = {
      follower: new FaceFollower(this.nets, faceOptions(this.settings)),
      window: new ClipWindow(this.model, { causal: true, smoothing: this.settings.smoothing }),
    };
    this.scenes.set(stream, scene);
    return scene;
  }
}
