/** A worker thread that cuts out the faces of samples, with its own engine and face networks. */

import { loadFaceNets } from '../../../ingest/face/face-nets.js';
import { loadForInference } from '../../../model/sessions/inference-engine.js';
import { serveWorker } from '../../../workers/serve-worker.js';
import type { CutterApi, CutterSetup } from './open-cutter.js';
import { LocalFaceCutter } from './face-cutter.js';

await serveWorker<null, CutterApi>(async ({ backend, threads, settings }: CutterSetup) => {
  const { loaded: nets } = await loadForInference({ backend, threads }, (open) => loadFaceNets({ open }));
  const cutter = new LocalFaceCutter(nets, settings);
  return { ready: null, api: { cut: (sample) => cutter.cut(sample) } };
});
