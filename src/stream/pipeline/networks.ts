import { loadFaceNets } from '../../ingest/face/face-nets.js';
import type { FaceNets } from '../../ingest/face/face-nets.js';
import type { Backend } from '../../model/engines/backend.js';
import type { ExpressionModel } from '../../model/expression-model.js';
import { openModel } from '../../model/heads/open-model.js';
import { loadForInference } from '../../model/sessions/inference-engine.js';
import type { PipelineSettings } from './pipeline-settings.js';

/** Engine, face networks and expression model: one set serves any number of pipelines. */
export interface Networks {
  readonly backend: Backend;
  readonly faces: FaceNets;
  readonly model: ExpressionModel;
  dispose(): void;
}

/** @throws FerError BACKEND_UNAVAILABLE, BACKEND_MISMATCH, WEIGHTS_MISSING, MODEL_INCOMPATIBLE, CONFIG_INVALID */
export async function loadNetworks(settings: PipelineSettings): Promise<Networks> {
  const { backend, loaded } = await loadForInference({ backend: settings.backend }, async (open) => {
    const [faces, model] = await allOrNone([
      loadFaceNets({ detector: settings.detector, open }),
      openModel(settings.model, { flipTta: settings.flipTta, open }),
    ]);
    return { faces, model };
  });
  return {
    backend,
    ...loaded,
    dispose: () => {
      loaded.faces.dispose();
      loaded.model.dispose();
    },
  };
}

/** Waits for both; when one fails, the other is disposed. */
async function allOrNone<A extends Disposable, B extends Disposable>([a, b]: [Promise<A>, Promise<B>]): Promise<
  [A, B]
> {
  try {
    return await Promise.all([a, b]);
  } catch (error) {
    for (const settled of await Promise.allSettled([a, b])) if (settled.status === 'fulfilled') settled.value.dispose();
    throw error;
  }
}

interface Disposable {
  dispose(): void;
}
