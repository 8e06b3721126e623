import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { runEvaluate } from '../src/cli/evaluate.js';
import type { EvaluateFlags } from '../src/cli/evaluate.js';
import { openBackend } from '../src/model/engines/open-backend.js';
import { annotateBatch } from '../src/stream/annotate/batch.js';
import { LabelSet } from '../src/model/label-set.js';
import { callFer } from './support/call-fer.js';
import { scratchDir } from './support/scratch.js';
import { saveTinyClipModel, saveTinyFrameModel } from './support/tiny-models.js';

const dir = await scratchDir();
const data = join(dir, 'data');
const [frames, clips] = [join(dir, 'frame-model'), join(dir, 'clip-model')];
const CLASSES = ['neutral', 'happiness', 'fear'];
const LABELS = new LabelSet('three', CLASSES);

interface Report {
  readonly count: number;
  readonly accuracy: number;
  readonly meanClassAccuracy: number;
  readonly macroF1: number;
  readonly expectedCalibrationError: number;
  readonly labels: string[];
  readonly missingLabels: string[];
  readonly confusion: number[][];
  readonly recall: Record<string, number | null>;
  readonly unlabelledFrames: number;
  readonly framesWithoutFace: number;
  readonly unansweredFrames: number;
  readonly ignoredMissing: number;
  readonly unreadable: { path: string }[];
  readonly model: { version: string };
}

beforeAll(async () => {
  await openBackend();
  await saveTinyFrameModel(frames, LABELS);
  await saveTinyClipModel(clips, LABELS, { clipFrames: 8 });
  await makeData();
});

/** 24 pictures of three classes and one that the models do not know, and a clip of 6 frames, 2 of them without a label. */
async function makeData(): Promise<void> {
  await mkdir(join(data, 'clip'), { recursive: true });
  const rows = ['path,label,split,frameLabels'];
  for (let i = 0; i < 24; i += 1) {
    await picture(join(data, `${i}.png`), i);
    rows.push(`${i}.png,${[...CLASSES, 'contempt'][i % 4]!},test,`);
  }
  for (let i = 0; i < 6; i += 1) await picture(join(data, 'clip', `${i}.png`), 100 + i);
  await writeFile(join(data, 'clip.txt'), 'neutral\n\nfear\nfear\n-1\nhappy\n');
  rows.push('clip,,test,clip.txt');
  await writeFile(join(data, 'manifest.csv'), `${rows.join('\n')}\n`);
}

function picture(path: string, seed: number): Promise<unknown> {
  const pixels = Uint8Array.from({ length: 256 }, (_, i) => 128 + 120 * Math.sin((i + 1) * (1 + seed * 0.61)));
  return sharp(pixels, { raw: { width: 16, height: 16, channels: 1 } })
    .png()
    .toFile(path);
}

/** The command without a separate process. */
async function evaluateWith(
  name: string,
  flags: Partial<EvaluateFlags>,
): Promise<{ code: number; printed: string; report: Report; rows: Record<string, string>[] }> {
  const [json, predictions] = [join(dir, name, 'report.json'), join(dir, name, 'predictions.csv')];
  const lines: string[] = [];
  const io = { write: (line: string) => void lines.push(line), progress: { write: () => undefined } };
  const code = await runEvaluate(
    { model: frames, data: `manifest:${data}`, split: 'test', faces: 'as-is', json, predictions, ...flags },
    io,
  );
  return {
    code,
    printed: lines.join('\n'),
    report: JSON.parse(await readFile(json, 'utf8')) as Report,
    rows: await predictionRows(predictions),
  };
}

async function predictionRows(path: string): Promise<Record<string, string>[]> {
  return parse<Record<string, string>>(await readFile(path), { columns: true });
}

/** The figures, worked out again from the table of predictions. */
function fromPredictions(rows: readonly Record<string, string>[], labels: readonly string[]) {
  const confusion = labels.map((truth) =>
    labels.map((predicted) => rows.filter((row) => row['truth'] === truth && row['predicted'] === predicted).length),
  );
  const right = rows.filter((row) => row['truth'] === row['predicted']).length;
  const recalls = labels.flatMap((label) => {
    const own = rows.filter((row) => row['truth'] === label);
    return own.length === 0 ? [] : [own.filter((row) => row['predicted'] === label).length / own.length];
  });
  return {
    count: rows.length,
    accuracy: right / rows.length,
    meanClassAccuracy: recalls.reduce((a, b) => a + b, 0) / recalls.length,
    confusion,
  };
}

describe('fer evaluate', () => {
  it('writes figures that agree with its table of predictions, frame by frame for clips', async () => {
    const [json, csv] = [join(dir, 'out', 'report.json'), join(dir, 'out', 'predictions.csv')];
    const run = await callFer([
      'evaluate',
      '--model',
      frames,
      '--data',
      `manifest:${data}`,
      '--split',
      'test',
      '--json',
      json,
      '--predictions',
      csv,
    ]);
    expect(run.stderr).not.toContain('fer: ');
    expect(run.code).toBe(0);
    const report = JSON.parse(await readFile(json, 'utf8')) as Report;
    const rows = await predictionRows(csv);
    expect(report.labels).toEqual([...CLASSES, 'contempt']);
    expect(report.missingLabels).toEqual(['contempt']);
    const expected = fromPredictions(rows, report.labels);
    expect(expected.count).toBe(24 + 4);
    expect(report).toMatchObject({
      count: expected.count,
      confusion: expected.confusion,
      unlabelledFrames: 2,
      unreadable: [],
    });
    expect(report.accuracy).toBeCloseTo(expected.accuracy, 12);
    expect(report.meanClassAccuracy).toBeCloseTo(expected.meanClassAccuracy, 12);
    expect(report.recall['contempt']).toBe(0);
    expect(report.macroF1).toBeGreaterThan(0);
    expect(report.expectedCalibrationError).toBeLessThanOrEqual(1);
    expect(report.model.version).toMatch(/^sha256:/);
    expect(rows.filter(({ id }) => id === 'clip').map(({ frame, truth }) => [frame, truth])).toEqual([
      ['0', 'neutral'],
      ['2', 'fear'],
      ['3', 'fear'],
      ['5', 'happiness'],
    ]);
    for (const row of rows) {
      const posteriors = CLASSES.map((label) => Number(row[label]));
      expect(posteriors.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
      expect(row['predicted']).toBe(CLASSES[posteriors.indexOf(Math.max(...posteriors))]);
    }
    expect(run.stdout).toContain('accuracy (WAR)');
    expect(run.stdout).toContain('does not have contempt: counted as wrong');
    expect(await readdir(join(dir, 'out'))).toEqual(['predictions.csv', 'report.json']);
  });

  it('leaves out unknown classes, averages mirrored pictures, and gives a temporal model whole clips', async () => {
    const plain = await evaluateWith('ignoring', { model: clips, ignoreMissing: true });
    expect(plain.report).toMatchObject({ count: 22, ignoredMissing: 6, labels: CLASSES, missingLabels: ['contempt'] });
    const flipped = await evaluateWith('flipped', { model: clips, ignoreMissing: true, flipTta: true });
    expect(flipped.report.count).toBe(22);
    expect(flipped.rows.map(({ id, frame }) => [id, frame])).toEqual(plain.rows.map(({ id, frame }) => [id, frame]));
    expect(flipped.rows).not.toEqual(plain.rows);
  });

  it('says so where the model has none of the classes', async () => {
    const list = join(data, 'unknown.csv');
    await writeFile(list, 'path,label,split\n7.png,contempt,test\n11.png,contempt,test\n');
    const args = ['--model', frames, '--data', `manifest:${list}`, '--ignore-missing', '--backend', 'wasm'];
    const { code, stderr } = await callFer(['evaluate', ...args]);
    expect(stderr).toContain(
      'every sample shows a class that the model does not have (contempt; it has neutral, happiness, fear): translate them with --labels',
    );
    expect(code).toBe(2);
  });

  it('tests on the rest when a file is damaged, and says so in the exit code', async () => {
    await writeFile(join(data, '3.png'), 'no picture');
    const { code, printed, report } = await evaluateWith('damaged', {});
    expect(code).toBe(1);
    expect(report.count).toBe(27);
    expect(report.unreadable.map(({ path }) => path)).toEqual([join(data, '3.png')]);
    expect(printed).toContain('unreadable files: 1');
    await picture(join(data, '3.png'), 3);
  });

  it('answers a frame of a clip that cannot be seen as the nearest one, and counts clips without any apart', async () => {
    const spoilt = (i: number): string => join(data, 'clip', `${i}.png`);
    try {
      await writeFile(spoilt(3), 'no picture');
      const some = await evaluateWith('hole', {});
      expect(some.code).toBe(1);
      expect(some.report).toMatchObject({ count: 28, framesWithoutFace: 1, unansweredFrames: 0, unlabelledFrames: 2 });
      expect(some.printed).toContain('labelled frames without a face, predicted from the nearest frame with one: 1');
      const [second, third] = ['2', '3'].map((frame) =>
        some.rows.find((row) => row['id'] === 'clip' && row['frame'] === frame)!,
      );
      expect(third).toEqual({ ...second, frame: '3' }); // both "fear"
      for (let i = 0; i < 6; i += 1) await writeFile(spoilt(i), 'no picture');
      const none = await evaluateWith('nobody', { model: clips });
      expect(none.report).toMatchObject({ count: 24, framesWithoutFace: 0, unansweredFrames: 4, unlabelledFrames: 2 });
      expect(none.printed).toContain('labelled frames of clips without a face, not counted: 4');
      expect(none.rows.some(({ id }) => id === 'clip')).toBe(false);
    } finally {
      for (let i = 0; i < 6; i += 1) await picture(spoilt(i), 100 + i);
    }
  });

  it.each([
    [{ model: 'face-ap' }, 'CONFIG_INVALID', /did you mean "face-api"/],
    [{ model: './no-such-model' }, 'WEIGHTS_MISSING', /no ferstream.json/],
    [{ split: 'valid' }, 'INPUT_NOT_FOUND', /no samples in the valid split/],
    [{ json: dir }, 'OUTPUT_UNWRITABLE', /folder|directory/],
    [{ json: join(dir, 'same'), predictions: join(dir, 'same') }, 'USAGE', /the same file/],
  ] as const)('refuses %j before it begins, and writes nothing', async (flags, code, message) => {
    const failed = evaluateWith('refused', flags);
    await expect(failed).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(await readdir(join(dir, 'refused')).catch(() => [])).toEqual([]);
  });
});

describe('fer annotate --model DIR', () => {
  it('annotates with a trained model, and takes another one in the same folder for another', async () => {
    const [out, model] = [join(dir, 'annotated'), join(dir, 'changing-model')];
    const again = async (): Promise<string[]> => {
      const events: string[] = [];
      for await (const { type } of annotateBatch([join(data, 'clip')], { outputDir: out, formats: ['jsonl'], model }))
        events.push(type);
      return events;
    };
    await saveTinyClipModel(model, LABELS, { clipFrames: 8 });
    const first = await callFer(['annotate', join(data, 'clip'), '-o', out, '-f', 'jsonl', '--model', model]);
    expect(first.code).toBe(0);
    const [header] = (await readFile(join(out, 'clip.jsonl'), 'utf8')).split('\n');
    expect(JSON.parse(header!)).toMatchObject({
      model: { name: 'tiny+tiny', labels: CLASSES, version: expect.stringMatching(/^sha256:/) as string },
    });
    expect(await again()).toContain('skipped');
    await saveTinyClipModel(model, LABELS, { clipFrames: 8, temperature: 2 });
    expect(await again()).toContain('done');
  });
});
