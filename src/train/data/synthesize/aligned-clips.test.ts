import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { writePrepared } from '../../../../test/support/prepared-folder.js';
import { scratchDir } from '../../../../test/support/scratch.js';
import { readPicture } from '../../../../test/support/stills-dataset.js';
import { DEFAULT_CROP } from '../../../model/crop-geometry.js';
import { resolveConfig } from '../../config/read-config.js';
import { divide, openData } from '../training/open-data.js';
import { synthesizeClips } from './synthesize-clips.js';
import { withStills } from './image-pools.js';
import type { SynthesisReport, SynthesisSettings } from './synthesize-clips.js';

const GEOMETRY = { ...DEFAULT_CROP, size: 12 };
const CLASSES = ['sadness', 'anger', 'happiness'];
const dir = await scratchDir();
const location = `prepared:${join(dir, 'crops')}`;
const shadeOf = (place: number): number => 10 + 2 * place;

/** 20 training crops of each class and 3 to test on, each of one shade of its own; then a copy of the first one, and a picture without a face. */
beforeAll(async () => {
  const images = CLASSES.flatMap((label) =>
    Array.from({ length: 23 }, (_, i) => ({
      id: `${label}${i}.png`,
      label,
      split: i < 20 ? ('train' as const) : ('valid' as const),
    })),
  );
  const rows = images.map((row, i) => ({ ...row, content: `${i}@0-` }));
  const pixels = Uint8Array.from({ length: rows.length * 144 }, (_, i) => shadeOf(Math.floor(i / 144)));
  await writePrepared(
    join(dir, 'crops'),
    GEOMETRY,
    CLASSES,
    [...rows, { id: 'copy.png', label: 'anger', content: '0@0-' }, { id: 'faceless.png', label: 'anger', frames: [] }],
    Uint8Array.of(...pixels, ...new Uint8Array(144).fill(250)),
    'stills',
  );
});

function made(name: string, settings: SynthesisSettings = {}): Promise<SynthesisReport> {
  return withStills(location, (dataset, crops) =>
    synthesizeClips(dataset, join(dir, name), {
      clips: 8,
      validClips: 6,
      testClips: 4,
      frames: 16,
      size: 12,
      frameNoise: 0,
      crops,
      ...settings,
    }),
  );
}

interface Clip {
  readonly path: string;
  readonly split: string;
  readonly segments: readonly { readonly start: number; readonly label: string; readonly image: string }[];
}

async function clips(name: string): Promise<Clip[]> {
  return (await readFile(join(dir, name, 'clips.jsonl'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Clip);
}

describe('clips of prepared crops', () => {
  it('show the crops, each of which keeps the id it has in its data set', async () => {
    const report = await made('clips');
    expect(report).toMatchObject({ aligned: true, source: 'stills', copies: 1, damaged: [] });
    const places = new Map<string, number>(
      CLASSES.flatMap((label, k) => Array.from({ length: 23 }, (_, i) => [`${label}${i}.png`, 23 * k + i] as const)),
    );
    for (const { path, segments } of await clips('clips')) {
      const { data } = await readPicture(join(dir, 'clips', path, '0000.png'));
      // Of one shade, whichever way it moves; its brightness sways by 15 % and a little jitter.
      expect(new Set(data).size).toBe(1);
      expect(data[0]! / shadeOf(places.get(segments[0]!.image)!)).toBeGreaterThan(0.75);
      expect(data[0]! / shadeOf(places.get(segments[0]!.image)!)).toBeLessThan(1.25);
    }
  });

  it('keep apart the faces that a frame network trained on the same crops is judged by', async () => {
    await made('apart');
    const config = resolveConfig('ce', { data: location });
    const data = await openData(config);
    const { training, validation } = divide(data.dataset, config);
    await data.close();
    const [trained, held] = [training, validation].map((samples) => new Set(samples.map(({ id }) => id)));
    for (const { split, segments } of await clips('apart')) {
      for (const { image } of segments)
        expect([trained!.has(image), held!.has(image)], `${split} ${image}`).toEqual([
          split === 'train',
          split === 'valid',
        ]);
    }
  });

  it('may be smaller than these, not larger or of other colours', async () => {
    await made('small', { size: 8 });
    expect(await readPicture(join(dir, 'small/train/0001/0000.png'))).toMatchObject({ height: 8, width: 8 });
    await expect(made('large', { size: 16 })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/16x16 pixels in grey cannot be made of crops of 12x12 pixels in grey/) as string,
    });
    await expect(made('coloured', { channels: 3 })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
