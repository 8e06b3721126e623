/** A face encoder in a thread that dies on crops of certain values: always, or the first time. Others get their own value as features. */
import { existsSync, writeFileSync } from 'node:fs';
import type { EncoderApi, EncoderSetup } from '../../src/stream/pipeline/face-encoder.js';
import { serveWorker } from '../../src/workers/serve-worker.js';

/** The first value of a crop. `once` dies unless the file that the setup names as model is there. */
export const DEADLY = { always: 1001, once: 1002, refused: 1003 } as const;

await serveWorker<string, EncoderApi>(({ model: tombstone }: EncoderSetup) =>
  Promise.resolve({
    ready: 'wasm',
    api: {
      encode(crops) {
        const x = crops[0]!.data[0]!;
        if (x === DEADLY.refused) throw new Error('not this one');
        const isFirst = x === DEADLY.once && !existsSync(tombstone);
        if (isFirst) writeFileSync(tombstone, '');
        if (x === DEADLY.always || isFirst) process.exit(7);
        return Promise.resolve(crops.map(({ data }) => Float32Array.of(data[0]!)));
      },
    },
  }),
);
