import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tf } from '../../model/tfjs.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { writeStriped } from '../../../test/support/striped-dataset.js';
import { PATTERNS } from '../../../test/support/striped-pictures.js';
import { saveTinyFrameModel } from '../../../test/support/tiny-models.js';
import { openBackend } from '../../model/engines/open-backend.js';
import { openModel } from '../../model/heads/open-model.js';
import { LabelSet } from '../../model/label-set.js';
import { resolveConfig } from '../config/read-config.js';
import type { Settings } from '../config/read-config.js';
import { openDataset } from '../data/formats/registry.js';
import { synthesizeClips } from '../data/synthesize/synthesize-clips.js';
import { DetectedFaces } from '../data/faces/detected-faces.js';
import { openTrainingData } from '../job/training-data.js';
import type { DataReport } from '../job/training-job.js';
import { auditWithModel } from './audit-with-model.js';
import { rowPictures } from './row-pictures.js';

const LENGTH = 8;
const dir = await scratchDir();
const data = `manifest:${join(dir, 'clips')}`;
const model = join(dir, 'model');

beforeAll(async () => {
  await openBackend();
  await writeStriped(join(dir, 'stills'), { training: 12, test: 3 });
  await synthesizeClips(await openDataset(`manifest:${join(dir, 'stills')}`), join(dir, 'clips'), {
    clips: 4,
    validClips: 1,
    testClips: 0,
    frames: LENGTH,
    size: 16,
    seed: 2,
  });
  await saveTinyFrameModel(model, new LabelSet('model', ['squares', 'rows', 'columns', 'dots']));
});

async function audited(): ReturnType<typeof auditWithModel> {
  const dataset = await openDataset(data, { split: 'train' });
  const open = await openModel(model);
  try {
    const crops = new DetectedFaces(dataset.samples, {
      geometry: open.crop,
      faces: 'as-is',
      cutter: () => Promise.reject(new Error('no videos')),
    });
    return await auditWithModel(open, crops, PATTERNS);
  } finally {
    open.dispose();
  }
}

describe('one look of a model at clips', () => {
  it('audits every labelled frame, among the classes that model and data share, and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const { audit, unknown, pictures: seen } = await audited();
    expect(tf.memory().numTensors).toBe(before);
    const dataset = await openDataset(data, { split: 'train' });
    const frames = dataset.samples.flatMap(({ id, frameLabels }) =>
      frameLabels!.map((label, i) => ({ id: `${id}#${i}`, label })),
    );
    expect(audit.labels).toEqual(PATTERNS);
    expect(unknown).toBe(0);
    expect(Object.fromEntries(audit.rows.map(({ id, given }) => [id, PATTERNS[given]]))).toEqual(
      Object.fromEntries(frames.map(({ id, label }) => [id, label])),
    );
    // With three classes left, the two best share at least two thirds.
    for (const { truth, nearest } of audit.rows) expect(truth + nearest).toBeLessThanOrEqual(1 + 1e-6);
    expect(
      Math.min(...audit.rows.map(({ truth, nearest }) => 2 * Math.max(truth, nearest) + Math.min(truth, nearest))),
    ).toBeGreaterThan(0.99);
    const { id } = audit.rows[0]!;
    const pictures = rowPictures(dataset, null);
    const picture = (await pictures.load([id])).get(id);
    expect(picture).toHaveLength(96 * 96 * 3);
    // The page shows what the model saw, under names that people read.
    expect((await seen.load(audit.rows.map((row) => row.id))).size).toBe(audit.rows.length);
    const [, clip, frame] = /^(.*)#(\d+)$/.exec(id)!;
    for (const named of [seen, pictures])
      expect(named.nameOf(id)).toBe(`${clip}, ${(Number(frame) / 25).toFixed(1)} s`);
  });

  it('counts labels that the model does not know, and refuses data of which it knows one class at most', async () => {
    await saveTinyFrameModel(join(dir, 'other'), new LabelSet('other', ['squares', 'rows']));
    const open = await openModel(join(dir, 'other'));
    const face = (truth: string, i: number) => ({
      id: `face ${i}`,
      frame: null,
      timestamp: 0,
      label: truth,
      crop: { geometry: open.crop, data: new Float32Array(16 * 16).fill(i) },
    });
    const { audit, unknown } = await auditWithModel(open, PATTERNS.map(face), PATTERNS);
    expect([audit.labels, audit.rows.length, unknown]).toEqual([['rows', 'squares'], 2, 1]);
    await expect(auditWithModel(open, [], ['rows', 'dots'])).rejects.toMatchObject({ code: 'MODEL_INCOMPATIBLE' });
    open.dispose();
  });
});

describe('frames of clips that are excluded', () => {
  interface Tasks {
    readonly rows: ReadonlyMap<string, number>;
    readonly clips: number;
    readonly report: DataReport;
  }

  async function task(network: Settings, settings: Settings): Promise<Tasks> {
    const config = resolveConfig('v-naw', { data, network, ...settings });
    const open = await openTrainingData(config);
    const own = await open.job(config);
    const { training, report } = own;
    own.dispose();
    await open.close();
    return {
      rows: new Map(training.rowIds.map((id, row) => [id, training.rowLabels[row]!])),
      clips: training.count,
      report,
    };
  }

  it('lose their label and stay as context; a clip without any label left goes, and a frame network does without them', async () => {
    const temporal = { name: 'temporal', encoder: model, frames: 4, width: 8, layers: 1, feedForward: 8 };
    const whole = await task(temporal, {});
    const [first, second] = [...new Set([...whole.rows.keys()].map((id) => id.split('#')[0]!))];
    const ids = [...Array.from({ length: LENGTH }, (_, i) => `${first!}#${i}`), `${second!}#3`];
    const file = join(dir, 'audit.csv');
    await writeFile(file, ['id,exclude', ...ids.map((id) => `${id},yes`)].join('\n'));
    const exclude = { file };

    const cut = await task(temporal, { exclude });
    expect(cut.clips).toBe(whole.clips - 1);
    expect(cut.report.leftOut).toEqual({ ...whole.report.leftOut, [`excluded by ${file}`]: ids.length });
    for (const [id, label] of cut.rows) expect(label, id).toBe(id === `${second!}#3` ? -1 : whole.rows.get(id));

    const frames = await task({ name: 'compact', size: 16, width: 4 }, { exclude, method: { name: 'ce' } });
    expect([...frames.rows.keys()].sort()).toEqual([...whole.rows.keys()].filter((id) => !ids.includes(id)).sort());
  });
});
