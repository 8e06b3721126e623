import { openBackend } from '../../src/model/engines/open-backend.js';
import { loadFaceNets } from '../../src/ingest/face/face-nets.js';
import { priorAdapter } from '../../src/model/class-prior.js';
import { openModel } from '../../src/model/heads/open-model.js';
import { alignFace } from '../../src/ingest/face/align/align-face.js';
import { findLargest } from '../../src/train/data/preprocess/crop-image.js';
import type { Peer } from './peer.js';

/** Ours: detect, align, classify, each picture separately. */
export async function openFerstream(prior: 'balanced' | 'uniform'): Promise<Peer> {
  await openBackend({ backend: 'wasm' });
  const nets = await loadFaceNets();
  const model = await openModel('default');
  return {
    name: `ferstream, prior ${prior}`,
    labels: model.labels.labels,
    trainedOn: 'FERPlus training split and half the persons of expressions-in-the-wild',
    async answer(picture) {
      const face = await findLargest(picture, nets);
      if (face === null) return null;
      const features = await model.encode([alignFace(picture, face.landmarks, model.crop)]);
      const [posteriors] = await model.classify({ features, timestamps: [0], from: 0, to: 1 });
      return priorAdapter(model, prior).adapt(posteriors!);
    },
  };
}
