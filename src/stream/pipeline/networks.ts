import { availableParallelism } from 'node:os';
import { loadFaceNets } from '../../ingest/face/face-nets.js';
import type { FaceNets } from '../../ingest/face/face-nets.js';
import type { Backend } from '../../model/engines/backend.js';
import type { ExpressionModel } from '../../model/expression-model.js';
import { openModel } from '../../model/heads/open-model.js';
import { priorAdapter } from '../../model/class-prior.js';
import { loadForInference } from '../../model/sessions/inference-engine.js';
import { allOrNone } from '../../model/sessions/network.js';
import { EncoderPool, GrowingEncoder, PlaceTrial, localEncoder } from './face-encoder.js';
import type { FaceEncoder } from './face-encoder.js';
import type { PipelineSettings } from './pipeline-settings.js';

/** Engine, face networks and expression model: one set serves any number of pipelines. */
export interface Networks {
  readonly backend: Backend;
  readonly faces: FaceNets;
  readonly model: ExpressionModel;
  /** Encodes faces with the model, in this thread or in others. */
  readonly encoder: FaceEncoder;
  dispose(): void;
}

/**
 * Loads everything, side by side.
 * @param workers threads that encode faces; 0 encodes in this one, null tries whether they help
 * @throws FerError BACKEND_UNAVAILABLE, BACKEND_MISMATCH, WEIGHTS_MISSING, MODEL_INCOMPATIBLE, CONFIG_INVALID (also for a prior that does not fit the model)
 */
export async function loadNetworks(settings: PipelineSettings, workers: number | null = 0): Promise<Networks> {
  const { detector, model: name, flipTta } = settings;
  const cores = availableParallelism();
  const threads = Math.max(1, Math.floor(cores / (1 + (workers ?? 0))));
  const { backend, loaded } = await loadForInference({ backend: settings.backend, threads }, async (open, engine) => {
    const count = workers ?? (engine === 'wasm' ? Math.min(MOST_WORKERS, cores - 1) : 0);
    const [faces, model] = await allOrNone([loadFaceNets({ detector, open }), openModel(name, { flipTta, open })]);
    const setup = { backend: engine, model: name, flipTta, threads };
    const pool =
      count === 0
        ? null
        : new GrowingEncoder(
            count,
            localEncoder(model),
            () => EncoderPool.open(setup, count),
            workers === null ? new PlaceTrial() : null,
          );
    return { faces, model, pool };
  });
  const { faces, model, pool } = loaded;
  const dispose = (): void => {
    faces.dispose();
    model.dispose();
    pool?.dispose();
  };
  try {
    // Pipelines need one each, and could only fail on their first frame.
    priorAdapter(model, settings.prior);
  } catch (error) {
    dispose();
    throw error;
  }
  return { backend, faces, model, encoder: pool ?? localEncoder(model), dispose };
}

/** By default, and with the one engine that leaves the other cores idle: finding and following faces keeps a core busy, and is the limit from here on. */
const MOST_WORKERS = 3;
