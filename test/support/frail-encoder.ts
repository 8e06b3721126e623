/** A face encoder in a thread that dies on faces at certain places: always, or the first time. Others get their own place as features. */
import { existsSync, writeFileSync } from 'node:fs';
import type { EncoderApi, EncoderSetup } from '../../src/stream/pipeline/face-encoder.js';
import { serveWorker } from '../../src/workers/serve-worker.js';

/** `x` of the first landmark. `once` dies unless the file that the setup names as model is there. */
export const DEADLY = { always: 1001, once: 1002, refused: 1003 } as const;

await serveWorker<string, EncoderApi>(({ model: tombstone }: EncoderSetup) =>
  Promise.resolve({
    ready: 'wasm',
    api: {
      encode({ pixels, faces }) {
        const x = faces[0]![0]!.x;
        if (x === DEADLY.refused) throw new Error('not this one');
        const isFirst = x === DEADLY.once && !existsSync(tombstone);
        if (isFirst) writeFileSync(tombstone, '');
        if (x === DEADLY.always || isFirst) process.exit(7);
        return Promise.resolve(faces.map((landmarks) => Float32Array.of(landmarks[0]!.x, new Uint8Array(pixels)[0]!)));
      },
    },
  }),
);
