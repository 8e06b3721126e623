import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { builtModule } from '../../../test/support/built-file.js';
import { PEOPLE, photoFrame } from '../../../test/support/face-frames.js';
import { scratchDir } from '../../../test/support/scratch.js';
import type { Point } from '../../ingest/face/align/geometry.js';
import type { Frame, Picture } from '../../ingest/frame.js';
import { openBackend } from '../../model/engines/open-backend.js';
import { openModel } from '../../model/heads/open-model.js';
import { EncoderPool, localEncoder } from './face-encoder.js';

// Most of it is time that threads take to start.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const FRAIL = builtModule('test/support/frail-encoder.ts');
/** As in frail-encoder.ts, which only threads can load. */
const DEADLY = { always: 1001, once: 1002, refused: 1003 } as const;

const dir = await scratchDir();
const open: EncoderPool[] = [];
afterEach(() => {
  for (const pool of open.splice(0)) pool.dispose();
});

async function frailPool(workers: number, tombstone: string): Promise<EncoderPool> {
  const setup = { backend: 'wasm', model: join(dir, tombstone), flipTta: null, threads: 1 } as const;
  const pool = await EncoderPool.open(setup, { workers, module: FRAIL });
  open.push(pool);
  return pool;
}

function grey(value: number): Picture {
  return { data: new Uint8Array(64 * 64 * 3).fill(value), width: 64, height: 64 };
}

/** 68 points on a ring, the first at `x`. */
function face(x: number): Point[] {
  return Array.from({ length: 68 }, (_, i) =>
    i === 0 ? { x, y: 32 } : { x: 32 + 20 * Math.cos(i), y: 32 + 20 * Math.sin(i) },
  );
}

describe('threads that may die', () => {
  it('give every frame its own answer, in any number', async () => {
    const pool = await frailPool(2, 'none');
    expect(pool.width).toBe(2);
    const answers = await Promise.all([5, 6, 7, 8, 9].map((value) => pool.encode(grey(value), [face(value)])));
    expect(answers.map(([one]) => [...one!])).toEqual([5, 6, 7, 8, 9].map((value) => [value, value]));
    expect(await pool.encode(grey(1), [])).toEqual([]);
  });

  it('are replaced, and the frame is encoded once more', async () => {
    const pool = await frailPool(1, 'once');
    const [dying, next] = await Promise.all([
      pool.encode(grey(3), [face(DEADLY.once)]),
      pool.encode(grey(4), [face(4)]),
    ]);
    expect(existsSync(join(dir, 'once'))).toBe(true);
    expect([...dying[0]!]).toEqual([DEADLY.once, 3]);
    expect([...next[0]!]).toEqual([4, 4]);
  });

  it('fail a frame on which they die twice, and continue with the next', async () => {
    const pool = await frailPool(1, 'always');
    await expect(pool.encode(grey(3), [face(DEADLY.always)])).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringMatching(/worker thread failed: it ended with code 7/) as string,
    });
    expect([...(await pool.encode(grey(4), [face(4)]))[0]!]).toEqual([4, 4]);
  });

  it('that merely refuse a frame are not asked again', async () => {
    const pool = await frailPool(1, 'refused');
    await expect(pool.encode(grey(3), [face(DEADLY.refused)])).rejects.toThrow(/not this one/);
    expect([...(await pool.encode(grey(4), [face(4)]))[0]!]).toEqual([4, 4]);
  });
});

describe('threads with a model', () => {
  let frame: Frame;
  beforeAll(async () => {
    const { photo, ...region } = PEOPLE.blond;
    frame = await photoFrame(photo, region, 320, 240);
    await openBackend({ backend: 'wasm' });
  });

  it('encode as this thread does, to the bit', async () => {
    const setup = { backend: 'wasm', model: 'default', flipTta: null, threads: 1 } as const;
    const pool = await EncoderPool.open(setup, { workers: 1 });
    open.push(pool);
    const model = await openModel('default');
    const faces = [20, 90].map((left) => face(12).map(({ x, y }) => ({ x: left + 2 * x, y: 2 * y })));
    const [threads, here] = [await pool.encode(frame, faces), await localEncoder(model).encode(frame, faces)];
    model.dispose();
    expect(threads).toEqual(here);
    expect(here).toHaveLength(2);
    expect(here[0]!).not.toEqual(here[1]!);
  });

  it('say what is wrong with the model', async () => {
    const setup = { backend: 'wasm', model: './nowhere', flipTta: null, threads: 1 } as const;
    await expect(EncoderPool.open(setup, { workers: 2 })).rejects.toMatchObject({ code: 'WEIGHTS_MISSING' });
  });
});
