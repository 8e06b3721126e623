import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { rememberNetworks } from '../../../test/support/remembered-networks.js';
import { writeFaces } from '../../../test/support/face-tree.js';
import { PATTERNS } from '../../../test/support/striped-pictures.js';
import { saveTinyFrameModel } from '../../../test/support/tiny-models.js';
import { openBackend } from '../../model/engines/open-backend.js';
import { openModel } from '../../model/heads/open-model.js';
import { DEFAULT_CROP } from '../../model/crop-geometry.js';
import { LabelSet } from '../../model/label-set.js';
import { resolveConfig } from '../config/read-config.js';
import { openDataset } from '../data/formats/registry.js';
import { synthesizeClips } from '../data/synthesize/synthesize-clips.js';
import { openSplit, withFaces } from '../data/faces/open-faces.js';
import { openPrepared } from '../data/preprocess/read-prepared.js';
import { prepareDataset } from '../data/preprocess/prepare-dataset.js';
import { faceId, facesOf } from '../data/faces/face-dataset.js';
import { openTrainingData } from '../job/training-data.js';
import { auditWithModel } from './audit-with-model.js';

const dir = await scratchDir();
const pictures = `manifest:${join(dir, 'pictures')}`;
const geometry = { ...DEFAULT_CROP, size: 16 };
const crops = `prepared:${join(dir, 'crops')}`;

beforeAll(async () => {
  rememberNetworks();
  await openBackend();
  await writeFaces(join(dir, 'pictures'));
  await saveTinyFrameModel(join(dir, 'model'), new LabelSet('model', PATTERNS), { crop: geometry });
  await prepareDataset(await openDataset(pictures), join(dir, 'crops'), { noFace: 'whole', geometry });
});

async function auditedIds(data: string): Promise<string[]> {
  const model = await openModel(join(dir, 'model'));
  try {
    const part = { data, split: 'train' } as const;
    const dataset = await openSplit(part);
    const { audit } = await withFaces(dataset, part, { model, faces: 'as-is' }, (faces) =>
      auditWithModel(model, faces, dataset.labels.labels),
    );
    return audit.rows.map(({ id }) => id).sort();
  } finally {
    model.dispose();
  }
}

async function trainedIds(data: string, file: string): Promise<string[]> {
  const config = resolveConfig('ce', {
    data,
    exclude: { file },
    network: { name: 'compact', size: 16, width: 4 },
    validation: { fraction: 0 },
    noFace: 'whole',
  });
  const open = await openTrainingData(config);
  const task = await open.job(config);
  task.dispose();
  await open.close();
  return [...task.training.rowIds].sort();
}

it('an audit of a data set is one of its crops, and the other way round', async () => {
  const ids = await auditedIds(pictures);
  expect(ids).toHaveLength(6);
  expect(await auditedIds(crops)).toEqual(ids);
  const file = join(dir, 'audit.csv');
  await writeFile(file, ['id,exclude', ...ids.map((id, i) => `${id},${i < 3 ? 'yes' : 'no'}`)].join('\n'));
  expect(await trainedIds(pictures, file)).toEqual(ids.slice(3));
  expect(await trainedIds(crops, file)).toEqual(ids.slice(3));
});

it('frames of clips too are called alike, those without a face included', async () => {
  const location = `manifest:${join(dir, 'clips')}`;
  await synthesizeClips(await openDataset(pictures), join(dir, 'clips'), {
    clips: 1,
    validClips: 1,
    testClips: 0,
    frames: 8,
    size: 16,
  });
  const source = await openDataset(location);
  await prepareDataset(source, join(dir, 'clip-crops'), { geometry });
  const prepared = await openPrepared(join(dir, 'clip-crops'));
  await prepared.close();
  const rows = (samples: readonly (typeof source.samples)[number][]) =>
    samples.flatMap((sample) => facesOf(sample).map((face) => [faceId(face), face.label] as const));
  expect(rows(prepared.all)).toEqual(rows(source.samples));
});
