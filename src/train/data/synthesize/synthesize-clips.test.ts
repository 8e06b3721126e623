import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { scratchDir } from '../../../../test/support/scratch.js';
import { readPicture, writeStills } from '../../../../test/support/stills-dataset.js';
import { openDataset } from '../formats/registry.js';
import type { Sample, Split } from '../sample.js';
import { synthesizeClips } from './synthesize-clips.js';
import type { SynthesisSettings } from './synthesize-clips.js';

const FEW = {
  clips: 12,
  validClips: 3,
  testClips: 4,
  frames: 8,
  size: 12,
  frameNoise: 0.25,
  seed: 5,
} satisfies SynthesisSettings;
const RECIPE = z.object({
  path: z.string(),
  segments: z.array(z.object({ start: z.number(), label: z.string(), image: z.string() })),
  clearness: z.array(z.number()),
  mislabelled: z.array(z.number()),
});

async function stills(testedSplit: 'valid' | 'test' = 'valid') {
  const root = await scratchDir();
  await writeStills(root, testedSplit);
  return { root, dataset: await openDataset(`manifest:${root}`) };
}

async function recipes(folder: string) {
  const lines = (await readFile(join(folder, 'clips.jsonl'), 'utf8')).trimEnd().split('\n');
  return lines.map((line) => RECIPE.parse(JSON.parse(line)));
}

/** By path: a hash of each file below a folder. */
async function contents(folder: string): Promise<Record<string, string>> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const hashed = files.map(async ({ parentPath, name }) => {
    const path = join(parentPath, name);
    return [
      path.slice(folder.length + 1),
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    ] as const;
  });
  return Object.fromEntries(await Promise.all(hashed));
}

function wrong(given: readonly Sample[], truth: readonly Sample[], split: Split): number {
  return given
    .filter((sample) => sample.split === split)
    .reduce((sum, { id, frameLabels }) => {
      const own = truth.find((sample) => sample.id === id)!.frameLabels!;
      return sum + frameLabels!.filter((label, t) => label !== own[t]).length;
    }, 0);
}

describe('a data set of synthetic clips', () => {
  it('is read back by the manifest reader: frames, labels with the given noise in training only, and true labels', async () => {
    const { root, dataset } = await stills();
    const folder = join(root, 'made', 'clips');
    const steps: [number, number][] = [];
    const report = await synthesizeClips(dataset, folder, {
      ...FEW,
      onProgress: (done, total) => void steps.push([done, total]),
    });
    const given = await openDataset(`manifest:${folder}`);
    const truth = await openDataset(`manifest:${join(folder, 'manifest.true.jsonl')}`);
    expect([...given.problems, ...truth.problems]).toEqual([]);
    expect(given.samples).toHaveLength(19);
    expect(given.splits).toEqual(['train', 'valid', 'test']);
    for (const { kind, frames, frameLabels } of given.samples) {
      expect(kind).toBe('clip');
      expect(frames!.map(({ index }) => index)).toEqual([...Array(FEW.frames).keys()]);
      expect(frameLabels).toHaveLength(FEW.frames);
    }
    expect(wrong(given.samples, truth.samples, 'train')).toBe(FEW.frameNoise * FEW.clips * FEW.frames);
    expect(wrong(given.samples, truth.samples, 'valid')).toBe(0);
    expect(wrong(given.samples, truth.samples, 'test')).toBe(0);
    expect(steps).toEqual(Array.from({ length: 20 }, (_, done) => [done, 19]));
    expect(report.splits.train).toMatchObject({ clips: 12, frames: 12 * FEW.frames, mislabelled: 3 * FEW.frames });
    const { damaged, ...written } = report;
    expect(JSON.parse(await readFile(join(folder, 'synthetic.json'), 'utf8'))).toEqual(written);
    expect(written).toMatchObject({ synthetic: true, testSplit: 'valid', copies: 1 });
    expect(damaged.map(({ path }) => path)).toEqual([join(root, 'cut.png')]);
    expect(await readdir(join(root, 'made'))).toEqual(['clips']);
  });

  it('records how each clip was made: labels, wrong frames, and the pictures seen', async () => {
    const { root, dataset } = await stills();
    const folder = join(root, 'made');
    await synthesizeClips(dataset, folder, FEW);
    const given = await openDataset(`manifest:${folder}`);
    const truth = await openDataset(`manifest:${join(folder, 'manifest.true.jsonl')}`);
    const shades = new Map<string, number>();
    for (const { id, path } of dataset.samples)
      if (id !== 'cut.png') shades.set(id, (await readPicture(path)).data[0]!);
    for (const [i, { path, segments, clearness, mislabelled }] of (await recipes(folder)).entries()) {
      const { id, frameLabels, frames } = given.samples[i]!;
      const own = truth.samples[i]!.frameLabels!;
      expect(path).toBe(id);
      expect([...own.keys()].filter((t) => frameLabels![t] !== own[t])).toEqual(mislabelled);
      for (const [t, { path: file }] of frames!.entries()) {
        const place = segments.filter(({ start }) => start <= t).length - 1;
        const { label, image } = segments[place]!;
        expect(own[t]).toBe(label);
        if (clearness[t] !== 1) continue;
        // Pictures of one shade show only the change of brightness, by at most 15 % and jitter; none of it in size or channels.
        const picture = await readPicture(file);
        expect([picture.height, picture.width, picture.channels]).toEqual([12, 12, 1]);
        expect(new Set(picture.data).size).toBe(1);
        expect(Math.abs(picture.data[0]! / shades.get(image)! - 1)).toBeLessThan(
          0.15 + 0.06 + 0.5 / shades.get(image)!,
        );
      }
    }
  });

  it('never shows one picture in two splits, nor a copy of a tested one in training', async () => {
    const { root, dataset } = await stills();
    await synthesizeClips(dataset, join(root, 'made'), { ...FEW, clips: 40 });
    const seen = new Map<string, Set<string>>();
    for (const { path, segments } of await recipes(join(root, 'made'))) {
      const split = path.split('/')[0]!;
      seen.set(split, new Set([...(seen.get(split) ?? []), ...segments.map(({ image }) => image)]));
    }
    const [train, valid, test] = ['train', 'valid', 'test'].map((split) => seen.get(split)!);
    const splitOf = new Map(dataset.samples.map(({ id, split }) => [id, split]));
    for (const image of [...train!, ...valid!]) expect(splitOf.get(image)).toBe('train');
    for (const image of test!) expect(splitOf.get(image)).toBe('valid');
    expect([...train!].filter((image) => valid!.has(image))).toEqual([]);
    expect(train!.size).toBeGreaterThan(25);
    expect(train).not.toContain('copy.png');
    expect(train).not.toContain('cut.png');
  });

  it('is the same byte for byte with the same seed; the noise changes labels and not pictures', async () => {
    const { root, dataset } = await stills();
    const made = async (name: string, settings: SynthesisSettings): Promise<Record<string, string>> => {
      await synthesizeClips(dataset, join(root, name), { ...FEW, ...settings });
      return contents(join(root, name));
    };
    const first = await made('a', {});
    expect(Object.keys(first)).toHaveLength(19 * FEW.frames + 4);
    expect(await made('b', {})).toEqual(first);
    const clean = await made('c', { frameNoise: 0 });
    const differing = Object.keys(first).filter((path) => first[path] !== clean[path]);
    expect(differing.sort()).toEqual(['clips.jsonl', 'manifest.jsonl', 'synthetic.json']);
    expect(clean['manifest.jsonl']).toBe(clean['manifest.true.jsonl']);
    const other = await made('d', { seed: 6 });
    expect(
      Object.keys(first).filter((path) => path.endsWith('.png') && first[path] === other[path]).length,
    ).toBeLessThan(20);
  });

  it('takes the official test split where it has images, the one named, or none', async () => {
    const { root, dataset } = await stills('test');
    expect((await synthesizeClips(dataset, join(root, 'a'), FEW)).testSplit).toBe('test');
    await expect(synthesizeClips(dataset, join(root, 'b'), { ...FEW, testSplit: 'valid' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/no labelled still images in its split "valid"/) as string,
    });
    await expect(synthesizeClips(dataset, join(root, 'b'), { ...FEW, testSplit: 'train' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    const report = await synthesizeClips(dataset, join(root, 'c'), { ...FEW, testClips: 0 });
    expect([report.testSplit, report.splits.test.clips]).toEqual([null, 0]);
    expect(await readdir(join(root, 'c'))).not.toContain('test');
  });

  it('is converted to the given size and channels', async () => {
    const { root, dataset } = await stills();
    await synthesizeClips(dataset, join(root, 'made'), {
      ...FEW,
      clips: 1,
      validClips: 0,
      testClips: 0,
      size: 20,
      channels: 3,
    });
    expect(await readPicture(join(root, 'made/train/0001/0003.png'))).toMatchObject({
      height: 20,
      width: 20,
      channels: 3,
    });
  });
});

describe('the folder', () => {
  it('is refused when something is there; replaced only when asked, and only a folder of clips', async () => {
    const { root, dataset } = await stills();
    const folder = join(root, 'made');
    const one = { ...FEW, clips: 1, validClips: 0, testClips: 0 };
    await synthesizeClips(dataset, folder, one);
    await writeFile(join(folder, 'train', 'stray.txt'), 'old');
    await expect(synthesizeClips(dataset, folder, one)).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
      message: expect.stringContaining('--force') as string,
    });
    await synthesizeClips(dataset, folder, { ...one, replace: true });
    expect(await readdir(join(folder, 'train'))).toEqual(['0001']);
    await expect(synthesizeClips(dataset, root, { ...one, replace: true })).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
    });
    await expect(synthesizeClips(dataset, join(root, 'manifest.csv'), { ...one, replace: true })).rejects.toMatchObject(
      { code: 'OUTPUT_UNWRITABLE' },
    );
    expect(await readdir(root)).toContain('manifest.csv');
  });

  it('is not there after an interruption, and nothing else is left', async () => {
    const { root, dataset } = await stills();
    const before = await readdir(root);
    const stop = new AbortController();
    const work = synthesizeClips(dataset, join(root, 'made'), {
      ...FEW,
      signal: stop.signal,
      onProgress: (done) => {
        if (done === 3) stop.abort();
      },
    });
    await expect(work).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(await readdir(root)).toEqual(before);
  });
});

it.each([
  [{ clips: -1 }, /clips -1 is out of range/],
  [{ frames: 7 }, /frames 7 is out of range: give a whole number from 8/],
  [{ size: 4.5 }, /size 4.5/],
  [{ frameNoise: 1.2 }, /frame noise 1.2 is not a share/],
  [{ frameNoise: NaN }, /frame noise NaN is not a share/],
  [{ clips: 0, validClips: 0, testClips: 0 }, /none requested/],
  [{ seed: 0.5 }, /seed 0.5/],
])('refuses %o', async (settings, message) => {
  const { root, dataset } = await stills();
  await expect(synthesizeClips(dataset, join(root, 'made'), { ...FEW, ...settings })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(message) as string,
  });
  expect(await readdir(root)).not.toContain('made');
});
