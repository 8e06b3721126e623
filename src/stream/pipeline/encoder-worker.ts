/** A worker thread that encodes the faces of frames, with its own engine and expression model. */

import { openModel } from '../../model/heads/open-model.js';
import { loadForInference } from '../../model/sessions/inference-engine.js';
import { serveWorker, withTransfer } from '../../workers/serve-worker.js';
import type { EncoderApi, EncoderSetup } from './face-encoder.js';

await serveWorker<string, EncoderApi>(async ({ model, flipTta, backend, threads }: EncoderSetup) => {
  const { backend: opened, loaded } = await loadForInference({ backend, threads }, (open) =>
    openModel(model, { flipTta, open }),
  );
  return {
    ready: opened.name,
    api: {
      async encode(crops) {
        const encoded = await loaded.encode(crops);
        return withTransfer(
          encoded,
          encoded.map(({ buffer }) => buffer as ArrayBuffer),
        );
      },
    },
  };
});
