import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { builtModule } from '../../../test/support/built-file.js';
import { scratchDir } from '../../../test/support/scratch.js';
import { DEFAULT_CROP } from '../../model/crop-geometry.js';
import type { FaceCrop } from '../../model/crop-geometry.js';
import { openBackend } from '../../model/engines/open-backend.js';
import { openModel } from '../../model/heads/open-model.js';
import { EncoderPool, GrowingEncoder, PlaceTrial, localEncoder } from './face-encoder.js';

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
  const pool = await EncoderPool.open(setup, workers, FRAIL);
  open.push(pool);
  return pool;
}

/** A crop of one grey value. */
function crop(value: number): FaceCrop {
  return { geometry: DEFAULT_CROP, data: new Float32Array(48 * 48).fill(value) };
}

describe('threads that may die', () => {
  it('give every frame its own answer, in any number', async () => {
    const pool = await frailPool(2, 'none');
    expect(pool.width).toBe(2);
    const answers = await Promise.all([5, 6, 7, 8, 9].map((value) => pool.encode([crop(value)])));
    expect(answers.map(([one]) => [...one!])).toEqual([5, 6, 7, 8, 9].map((value) => [value]));
    expect(await pool.encode([])).toEqual([]);
  });

  it('are replaced, and the frame is encoded once more', async () => {
    const pool = await frailPool(1, 'once');
    const [dying, next] = await Promise.all([pool.encode([crop(DEADLY.once)]), pool.encode([crop(4)])]);
    expect(existsSync(join(dir, 'once'))).toBe(true);
    expect([...dying[0]!]).toEqual([DEADLY.once]);
    expect([...next[0]!]).toEqual([4]);
  });

  it('fail a frame on which they die twice, and continue with the next', async () => {
    const pool = await frailPool(1, 'always');
    await expect(pool.encode([crop(DEADLY.always)])).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringMatching(/worker thread failed: it ended with code 7/) as string,
    });
    expect([...(await pool.encode([crop(4)]))[0]!]).toEqual([4]);
  });

  it('that merely refuse a frame are not asked again', async () => {
    const pool = await frailPool(1, 'refused');
    await expect(pool.encode([crop(DEADLY.refused)])).rejects.toThrow(/not this one/);
    expect([...(await pool.encode([crop(4)]))[0]!]).toEqual([4]);
  });
});

describe('threads with a model', () => {
  beforeAll(async () => {
    await openBackend({ backend: 'wasm' });
  });

  it('encode as this thread does, to the bit', async () => {
    const setup = { backend: 'wasm', model: 'default', flipTta: null, threads: 1 } as const;
    const pool = await EncoderPool.open(setup, 1);
    open.push(pool);
    const model = await openModel('default');
    const crops = [1, 7].map((step) => ({
      geometry: model.crop,
      data: Float32Array.from({ length: 48 * 48 }, (_, i) => (i * step) % 256),
    }));
    const [threads, here] = [await pool.encode(crops), await localEncoder(model).encode(crops)];
    model.dispose();
    expect(threads).toEqual(here);
    expect(here).toHaveLength(2);
    expect(here[0]!).not.toEqual(here[1]!);
  });

  it('say what is wrong with the model', async () => {
    const setup = { backend: 'wasm', model: './nowhere', flipTta: null, threads: 1 } as const;
    await expect(EncoderPool.open(setup, 2)).rejects.toMatchObject({ code: 'WEIGHTS_MISSING' });
  });
});

describe('an encoder that grows', () => {
  const here = { encode: (crops: readonly FaceCrop[]) => Promise.resolve(crops.map(() => Float32Array.of(-1))) };

  it('starts threads after enough work, and uses them when they are ready', async () => {
    let started = 0;
    const encoder = new GrowingEncoder(
      1,
      here,
      () => {
        started++;
        return frailPool(1, 'none');
      },
      null,
    );
    for (let i = 0; i < 49; i++) await encoder.encode([crop(4)]);
    expect(started).toBe(0);
    expect(await encoder.encode([crop(4), crop(5)])).toEqual([Float32Array.of(-1), Float32Array.of(-1)]);
    await expect.poll(() => encoder.encode([crop(4)]), { timeout: 60_000 }).toEqual([Float32Array.of(4)]);
    expect(started).toBe(1);
  });

  it('says why threads could not be started', async () => {
    const encoder = new GrowingEncoder(1, here, () => Promise.reject(new Error('no threads today')), null);
    await encoder.encode(new Array<FaceCrop>(50).fill(crop(1)));
    await vi.waitFor(() => expect(encoder.encode([crop(1)])).rejects.toThrow('no threads today'), { timeout: 60_000 });
    expect(await encoder.encode([])).toEqual([]);
  });

  it('ends threads that lose the trial, and encodes here from then on', async () => {
    const pool = await frailPool(1, 'none');
    const lost = vi.spyOn(pool, 'dispose');
    const trial = new PlaceTrial();
    const encoder = new GrowingEncoder(1, here, () => Promise.resolve(pool), trial);
    await encoder.encode(new Array<FaceCrop>(50).fill(crop(1)));
    while (!trial.isOver) await encoder.encode([crop(4)]);
    // Here takes no time at all, messages to a thread some.
    expect(await encoder.encode([crop(4)])).toEqual([Float32Array.of(-1)]);
    await vi.waitFor(() => {
      expect(lost).toHaveBeenCalledOnce();
    });
  });
});

describe('an encoder with optional threads', () => {
  const here = { encode: (crops: readonly FaceCrop[]) => Promise.resolve(crops.map(() => Float32Array.of(-1))) };

  it('encodes here where threads cannot be started', async () => {
    const grow = vi.fn(() => Promise.reject(new Error('no threads today')));
    const encoder = new GrowingEncoder(1, here, grow, new PlaceTrial());
    for (let i = 0; i < 60; i++) expect(await encoder.encode([crop(1)])).toEqual([Float32Array.of(-1)]);
    expect(grow).toHaveBeenCalledOnce();
  });

  it('encodes here from the first failure of a thread, and ends the threads once', async () => {
    const pool = {
      encode: vi.fn(() => Promise.reject(new Error('out of memory'))),
      dispose: vi.fn(),
    };
    const grow = () => Promise.resolve(pool as unknown as EncoderPool);
    const encoder = new GrowingEncoder(2, here, grow, new PlaceTrial());
    await encoder.encode(new Array<FaceCrop>(50).fill(crop(1)));
    const both = await Promise.all([encoder.encode([crop(1)]), encoder.encode([crop(2)])]);
    expect(both).toEqual([[Float32Array.of(-1)], [Float32Array.of(-1)]]);
    expect(pool.encode).toHaveBeenCalledTimes(2);
    for (let i = 0; i < 5; i++) await encoder.encode([crop(1)]);
    expect(pool.encode).toHaveBeenCalledTimes(2);
    expect(pool.dispose).toHaveBeenCalledOnce();
  });

  it('does not keep features that it has handed out', async () => {
    const pool = { encode: () => Promise.resolve([Float32Array.of(7)]), dispose: () => undefined };
    const settled = vi.spyOn(Promise, 'allSettled');
    const encoder = new GrowingEncoder(1, here, () => Promise.resolve(pool as unknown as EncoderPool), null);
    await encoder.encode(new Array<FaceCrop>(50).fill(crop(1)));
    for (let i = 0; i < 3; i++) await encoder.encode([crop(1)]);
    const kept = await Promise.all(settled.mock.calls.map(([promises]) => [...promises][0]));
    settled.mockRestore();
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.every((value) => value === undefined)).toBe(true);
  });
});

describe('the trial of places', () => {
  it.each([
    [10, 20, 1, 'threads'],
    [20, 10, 1, 'here'],
    [10, 10, 1, 'here'],
    [100, 200, 25, 'threads'],
  ] as const)('in threads %d ms a frame, here %d, with %d faces: %s', (threads, at, faces, winner) => {
    const trial = new PlaceTrial();
    let time = 0;
    const places: string[] = [];
    for (let i = 0; i < 300; i += 1) {
      const place = trial.place(faces, time);
      places.push(place);
      // The first frames after a change take longer.
      time += (place === 'threads' ? threads : at) * (places.at(-5) === place ? 1 : 4);
    }
    expect(places.slice(0, 240).filter((place) => place === 'here')).toHaveLength(120);
    expect(new Set(places.slice(240))).toEqual(new Set([winner]));
  });

  it('ignores the time between two inputs', () => {
    const trial = new PlaceTrial();
    let time = 0;
    let place = '';
    for (let i = 0; i < 300; i += 1) {
      place = trial.place(1, time);
      // An overlay is encoded.
      time += i === 20 ? 600_000 : place === 'threads' ? 100 : 200;
    }
    expect(place).toBe('threads');
  });
});
