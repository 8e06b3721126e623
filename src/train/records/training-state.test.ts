import { execFileSync } from 'node:child_process';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { epochHistory } from '../../../test/support/epoch-history.js';
import { scratchDir } from '../../../test/support/scratch.js';
import { loadTrainingState, saveTrainingState } from './training-state.js';
import type { TrainingState } from './training-state.js';

const dir = await scratchDir();

function stateOf({ trained = 5, moving = 3, epochs = 3, withAverage = true, seed = 1 } = {}): TrainingState {
  const list = (length: number, salt: number): Float32Array =>
    Float32Array.from({ length }, (_, i) => Math.sin(i + salt * seed));
  const vectors = (salt: number): TrainingState['weights'] => ({
    trained: list(trained, salt),
    moving: list(moving, salt + 0.5),
  });
  return {
    ...{
      epoch: epochs,
      bestEpoch: Math.min(2, epochs),
      bestScore: epochs === 0 ? -Infinity : 0.75,
      history: epochHistory(epochs),
      fingerprint: 'a fingerprint of äöü 表情',
    },
    ...{
      weights: vectors(1),
      adam: { first: list(trained, 2), second: list(trained, 3), steps: 17 },
      average: withAverage ? vectors(4) : null,
    },
  };
}

describe('the state of a training', () => {
  it('is read as it was written, to the bit', async () => {
    const path = join(dir, 'round.bin');
    expect(await loadTrainingState(path)).toBeNull();
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          trained: fc.nat(50),
          moving: fc.nat(20),
          epochs: fc.nat(5),
          withAverage: fc.boolean(),
          seed: fc.nat(99),
        }),
        async (shape) => {
          const state = stateOf(shape);
          await saveTrainingState(path, state);
          expect(await loadTrainingState(path)).toEqual(state);
        },
      ),
      { numRuns: 20 },
    );
    expect(await readdir(dir)).toEqual(['round.bin']);
  });

  it('keeps numbers that are none', async () => {
    const path = join(dir, 'odd.bin');
    const [record] = epochHistory(1);
    const state = {
      ...stateOf(),
      history: [{ ...record!, loss: NaN, parts: { supervised: Infinity, consistency: -Infinity } }],
    };
    state.weights.trained.set([NaN, Infinity, -0]);
    await saveTrainingState(path, state);
    expect(await loadTrainingState(path)).toEqual(state);
  });

  it('that was truncated anywhere is reported as damaged, in one line', async () => {
    const [whole, path] = [join(dir, 'whole.bin'), join(dir, 'cut.bin')];
    await saveTrainingState(whole, stateOf({ epochs: 1 }));
    const bytes = await readFile(whole);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), async (length) => {
        await writeFile(path, bytes.subarray(0, length));
        await expect(loadTrainingState(path)).rejects.toMatchObject({
          code: 'CONFIG_INVALID',
          message: expect.stringMatching(/^training state .*cut\.bin is damaged .*$/) as string,
        });
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ['another file', Buffer.from('{\n "epochs": 4\n}\n')],
    ['an object of another kind', Buffer.concat([Buffer.of(2, 0, 0, 0), Buffer.from('{}')])],
    ['noise with line breaks', Buffer.concat([Buffer.of(9, 0, 0, 0), Buffer.from('\n\n\u0001x\r\n\n\ny'.repeat(9))])],
    ['more than a state', Buffer.from('more')],
  ])('%s is not a state, and the error is one line', async (name, bytes) => {
    const path = join(dir, 'other.bin');
    await saveTrainingState(path, stateOf());
    await writeFile(path, name === 'more than a state' ? Buffer.concat([await readFile(path), bytes]) : bytes);
    const error: unknown = await loadTrainingState(path).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'FerError', code: 'CONFIG_INVALID' });
    expect((error as Error).message.split(/[\r\n]/)).toHaveLength(1);
  });

  it.skipIf(process.platform !== 'linux')('cannot be written into a folder that takes no files', async () => {
    // chmod does not stop root; /proc stops all users.
    await expect(saveTrainingState('/proc/self/state.bin', stateOf())).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
      message: expect.stringMatching(/^cannot write \/proc\/self\/state\.bin: .*choose another folder$/) as string,
    });
  });

  it('stays the old one when the disk is full', async ({ skip }) => {
    const folder = join(dir, 'full');
    await mkdir(folder);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'pipe' });
    } catch (error) {
      console.warn(`SKIPPED: a full disk was not tried, a tiny tmpfs cannot be mounted here: ${String(error)}`);
      skip();
    }
    try {
      const path = join(folder, 'state.bin');
      const old = stateOf();
      await saveTrainingState(path, old);
      await expect(saveTrainingState(path, stateOf({ trained: 100_000 }))).rejects.toMatchObject({
        code: 'OUTPUT_UNWRITABLE',
      });
      expect(await loadTrainingState(path)).toEqual(old);
      expect(await readdir(folder)).toEqual(['state.bin']);
    } finally {
      execFileSync('umount', [folder]);
    }
  });
});
