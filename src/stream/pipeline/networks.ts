import { loadFaceNets } from '../../ingest/face/face-nets.js';
import type { FaceNets } from '../../ingest/face/face-nets.js';
import type { Backend } from '../../model/engines/backend.js';
import { openBackend } from '../../model/engines/open-backend.js';
import type { ExpressionModel } from '../../model/expression-model.js';
import { openModel } from '../../model/heads/open-model.js';
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
  const backend = await openBackend({ backend: settings.backend });
  const [faces, model] = await Promise.all([
    loadFaceNets({ detector: settings.detector }),
    openModel(settings.model, { flipTta: settings.flipTta }),
  ]);
  return {
    backend,
    faces,
    model,
    dispose: () => {
      faces.dispose();
      model.dispose();
    },
  };
}
