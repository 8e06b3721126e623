import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../src/model/engines/open-backend.js';
import { loadCheckpoint } from '../src/model/checkpoint/checkpoint.js';
import { readConfigFile, resolveConfig } from '../src/train/config/read-config.js';
import { train as trainLibrary } from '../src/train/workflows/train.js';
import { ambiguityOf } from './support/ambiguity-of.js';
import { callFer } from './support/call-fer.js';
import { startFer } from './support/run-fer.js';
import type { FerRun } from './support/run-fer.js';
import { scratchDir } from './support/scratch.js';
import { PATTERNS } from './support/striped-pictures.js';
import { writeStriped } from './support/striped-dataset.js';

const EPOCHS = 4;
const dir = await scratchDir();
const data = join(dir, 'pictures');
const whole = join(dir, 'whole');
const ASKED = [
  'train',
  `manifest:${data}`,
  '--preset',
  'nla',
  '--epochs',
  String(EPOCHS),
  '--batch-size',
  '12',
  '--backend',
  'wasm',
];
const TINY = [
  '--set',
  'network.size=16',
  'network.width=4',
  'network.dropout=0.1',
  'optimizer.lr=0.01',
  'augment.padding=1',
  'emaDecay=0.9',
];

const train = (folder: string, ...more: string[]): string[] => [...ASKED, '-o', folder, ...more, ...TINY];

let run: FerRun;
/** Of the undisturbed run, from its first to its last epoch. */
let trainingMilliseconds: number;

beforeAll(async () => {
  await writeStriped(data);
  const started = startFer(train(whole));
  await started.printed('set aside');
  const began = performance.now();
  run = await started.ended;
  trainingMilliseconds = performance.now() - began;
});

type Line = Record<string, unknown> & { readonly epoch: number; readonly validation: { readonly accuracy: number } };

/** The history of a run, without what differs from run to run. */
async function epochs(folder: string): Promise<Line[]> {
  const lines = (await readFile(join(folder, 'epochs.jsonl'), 'utf8')).trim().split('\n');
  return lines.map((line) => ({ ...(JSON.parse(line) as Line), seconds: null, samplesPerSecond: null }));
}

const problems = ({ stderr }: FerRun): string[] => stderr.split('\n').filter((line) => line.startsWith('fer: '));

describe('fer train', () => {
  it('trains, and prints its progress', () => {
    expect(run).toMatchObject({ code: 0, signal: null });
    expect(run.stdout).toMatch(/^engine: .*wasm/m);
    expect(run.stdout.match(/^epoch \d+\/4 .*$/gm)).toHaveLength(EPOCHS);
    expect(run.stdout).toMatch(/model of the best epoch \(\d\): .*whole\/best/);
  });

  it('leaves out the image that cannot be read, counts it, and trains on the rest', () => {
    expect(run.stdout).toContain('33 samples to train on, 3 set aside for validation');
    expect(run.stdout).toMatch(/left out: 1: cannot be decoded/);
  });

  it('fills the run folder', async () => {
    const found = await readdir(whole, { recursive: true });
    for (const model of ['best', 'last'])
      for (const file of ['ferstream.json', 'model.json', 'weights.bin']) expect(found).toContain(join(model, file));
    for (const file of [
      'config.json',
      'epochs.jsonl',
      'epochs.csv',
      'report.html',
      'state.bin',
      'ambiguity.f32',
      'ambiguity.json',
    ])
      expect(found).toContain(file);
    expect(found.some((file) => file.startsWith(join('tensorboard', 'events.out.tfevents.')))).toBe(true);
    expect(found.filter((file) => file.includes('.tmp'))).toEqual([]);
    const config = JSON.parse(await readFile(join(whole, 'config.json'), 'utf8')) as unknown;
    expect(config).toMatchObject({
      data: `manifest:${data}`,
      epochs: EPOCHS,
      method: { name: 'nla' },
      network: { width: 4 },
      optimizer: { lr: 0.01 },
      emaDecay: 0.9,
    });
  });

  it('has a line for every epoch, and a row of the table', async () => {
    const lines = await epochs(whole);
    expect(lines.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
    expect((await readFile(join(whole, 'epochs.csv'), 'utf8')).trim().split('\n')).toHaveLength(1 + EPOCHS);
  });

  it('keeps models that load, with their labels and what they were trained with', async () => {
    await openBackend();
    for (const name of ['best', 'last']) {
      const { model, info } = await loadCheckpoint(join(whole, name));
      expect(info.labelSet.labels).toEqual([...PATTERNS]);
      expect(info).toMatchObject({
        kind: 'frame',
        crop: { size: 16, channels: 1 },
        recipe: { config: { epochs: EPOCHS } },
      });
      expect(model.outputs[0]!.shape).toEqual([null, PATTERNS.length]);
      const lines = await epochs(whole);
      const best = lines.findIndex(
        ({ validation }) => validation.accuracy === Math.max(...lines.map((line) => line.validation.accuracy)),
      );
      expect(info.metrics['epoch']).toBe(name === 'best' ? best + 1 : EPOCHS);
      expect(info.metrics['accuracy']).toBe(lines[name === 'best' ? best : EPOCHS - 1]!.validation.accuracy);
      model.dispose();
    }
  });

  it('keeps how every training image was seen in every epoch', async () => {
    const { rows, given, labels, values } = await ambiguityOf(whole);
    expect(labels).toEqual([...PATTERNS]);
    expect(rows).toHaveLength(33);
    expect(given).toHaveLength(33);
    expect(values).toHaveLength(EPOCHS * 33 * 3);
    for (let i = 0; i < values.length; i += 3) {
      const [truth, nearest, predicted] = [values[i]!, values[i + 1]!, values[i + 2]!];
      expect(truth + nearest).toBeLessThanOrEqual(1 + 1e-6);
      expect([0, 1, 2]).toContain(predicted);
      if (Math.abs(truth - nearest) > 1e-6) expect(predicted === given[(i / 3) % 33]).toBe(truth > nearest);
    }
  });

  it('refuses to write over a run, in one line', async () => {
    const again = await callFer(train(whole));
    expect(again.code).toBe(2);
    expect(problems(again)).toEqual([
      expect.stringMatching(
        /^fer: .*whole already contains a run \(epoch 4\): resume it with --resume, or choose another --output \[CONFIG_INVALID\]$/,
      ),
    ]);
  });

  it('refuses to continue with another configuration', async () => {
    const before = await readFile(join(whole, 'state.bin'));
    const config = resolveConfig(null, await readConfigFile(join(whole, 'config.json')), { seed: 9 });
    await openBackend();
    await expect(trainLibrary(config, whole, { resume: true })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/whole contains a run with another configuration or data set/) as string,
    });
    expect((await readFile(join(whole, 'state.bin'))).equals(before)).toBe(true);
  });

  it(
    'stopped or killed at any moment, continues to the same epochs and the same model',
    { timeout: 180_000 },
    async () => {
      const folder = join(dir, 'killed');
      const reached: number[] = [];
      let caught = 0;
      for (const signal of ['SIGINT', 'SIGKILL', 'SIGKILL'] as const) {
        const fer = startFer(train(folder, '--resume'));
        await fer.printed('set aside');
        // At any point of the next epoch.
        await new Promise((resolve) => setTimeout(resolve, Math.random() * (trainingMilliseconds / EPOCHS)));
        fer.child.kill(signal);
        const stopped = await fer.ended;
        if (stopped.code !== 0) caught += 1;
        if (signal === 'SIGINT' && stopped.code !== 0) {
          expect(stopped.code).toBe(130);
          expect(stopped.stdout).toMatch(/stopped after epoch \d; resume with --resume/);
        }
        reached.push((await epochs(folder).catch(() => [])).length);
      }
      expect(caught).toBeGreaterThan(0);
      expect(reached).toEqual([...reached].sort((a, b) => a - b));
      const rest = await callFer(train(folder, '--resume'));
      expect(rest.code).toBe(0);
      expect(await epochs(folder)).toEqual(await epochs(whole));
      for (const file of ['last/weights.bin', 'best/weights.bin', 'ambiguity.f32', 'ambiguity.json']) {
        const written = await readFile(join(folder, file));
        expect(written.equals(await readFile(join(whole, file))), file).toBe(true);
      }
    },
  );
});
