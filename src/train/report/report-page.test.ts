import { mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { THREE_LABELS, epochHistory } from '../../../test/support/epoch-history.js';
import { scratchDir } from '../../../test/support/scratch.js';
import { FerError } from '../../errors/fer-error.js';
import { NAW_PARAMETERS } from '../losses/naw-bell.js';
import { SeededRandom } from '../util/seeded-random.js';
import { ambiguityPoints } from './ambiguity-points.js';
import type { AmbiguityData } from './ambiguity-points.js';
import { ambiguityByClass } from './ambiguity-plot.js';
import { chooseExamples, pngDataUri, sampled } from './examples.js';
import { reportPage } from './report-page.js';
import type { ReportData } from './report-page.js';
import { writeReport } from './run-logs.js';

const scratch = await scratchDir();
const BASE: ReportData = {
  title: 'NLA on faces',
  labels: THREE_LABELS,
  history: epochHistory(5),
  config: { preset: 'nla', optimizer: { name: 'adam', betas: [0.9, 0.999] } },
  bestEpoch: 3,
};

/** N samples all over the plane, every hundredth without a label. */
function ambiguity(count: number): AmbiguityData {
  const random = new SeededRandom(1);
  const points = new Float32Array(3 * count);
  const given = new Int32Array(count);
  for (let i = 0; i < count; i += 1) {
    const truth = random.next();
    const nearest = (1 - truth) * random.next();
    given[i] = i % 100 === 99 ? -1 : i % 3;
    points.set([truth, nearest, truth >= nearest ? i % 3 : (i + 1) % 3], 3 * i);
  }
  return {
    epoch: 5,
    points,
    given,
    ids: Array.from(given, (_, i) => `face-${i}`),
    parameters: NAW_PARAMETERS.nla,
    epsilon: 0.9,
  };
}

const count = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length;
/** A section without the white space around tags. */
const sectionOf = (page: string, heading: string): string =>
  (page.split('<section>').find((part) => part.includes(`<h2>${heading}</h2>`)) ?? '')
    .replaceAll(/\s+>/g, '>')
    .replaceAll(/\s*(<[^>]*>)\s*/g, '$1');

describe('report', () => {
  it('is one well-formed page without scripts that loads nothing', async () => {
    const page = await reportPage({
      ...BASE,
      ambiguity: ambiguity(300),
      pictureOf: () => Promise.resolve(new Uint8Array(48 * 48)),
    });
    expect(page.startsWith('<!doctype html>')).toBe(true);
    expect(unbalanced(page)).toEqual([]);
    expect(page).not.toMatch(/<script|<link|@import|https?:|url\(|<iframe/i);
    expect([...page.matchAll(/src="([^"]*)"/g)].every((found) => found[1]!.startsWith('data:image/png;base64,'))).toBe(
      true,
    );
    expect(page).toContain('prefers-color-scheme: dark');
    expect(page).not.toMatch(/NaN|undefined|\[object/);
  });

  it('escapes every text it is given', async () => {
    const evil = '<img src=x onerror="alert(1)">';
    const data = ambiguity(30);
    const page = await reportPage({
      title: evil,
      labels: [evil, `'${evil}`, 'c'],
      history: epochHistory(2).map((record) => ({ ...record, parts: { [evil]: 1 } })),
      config: { [evil]: evil, nested: { list: [evil] } },
      ambiguity: { ...data, ids: data.ids.map(() => evil) },
      pictureOf: () => Promise.resolve(null),
    });
    expect(page).not.toContain('<img');
    expect(unbalanced(page)).toEqual([]);
    expect(page).toContain('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;');
  });

  it('draws loss, its parts, accuracies and learning rate, and marks the best epoch', async () => {
    const curves = sectionOf(await reportPage(BASE), 'Curves');
    expect(count(curves, /<svg viewBox/g)).toBe(4);
    expect(count(curves, /class="marked"/g)).toBe(4);
    for (const name of [
      'training (what',
      'validation (cross',
      'supervised',
      'consistency',
      'training accuracy',
      '(WAR)',
      '(UAR)',
      'macro F1',
      'learning rate',
    ])
      expect(curves).toContain(name);
    expect(count(curves, /<th scope="row">/g)).toBe(5); // the epochs in numbers
  });

  it('shows the confusion of the best epoch, or else of the last with validation', async () => {
    const best = sectionOf(await reportPage(BASE), 'Validation, class by class');
    expect(best).toContain('Epoch 3.');
    const cells = [...best.matchAll(/<td class="heat[^"]*" style="--heat:([\d.]+)%">([^<]*)<\/td>/g)].map(
      (found) => found[2]!,
    );
    expect(cells.slice(0, 9)).toEqual(['13', '2', '1', '3', '7', '0', '0', '0', '0']);
    expect(cells.slice(9)).toEqual(['81', '13', '6', '30', '70', '0', '–', '–', '–']); // no Anger in the truth
    expect(best).toContain('81.3\u00A0%'); // recall of Neutral, 13 / 16
    const { bestEpoch, ...withoutBest } = BASE;
    expect(bestEpoch).toBe(3);
    expect(
      sectionOf(await reportPage({ ...withoutBest, history: epochHistory(4) }), 'Validation, class by class'),
    ).toContain('Epoch 3.');
  });

  it('can do without validation, without an epoch, and without ambiguity', async () => {
    const none = await reportPage({
      ...BASE,
      history: epochHistory(2).map((record) => ({ ...record, validation: null })),
    });
    expect(none).toContain('Nothing was set aside for validation');
    expect(none).not.toContain('Label ambiguity');
    const empty = await reportPage({ ...BASE, history: [] });
    expect(empty).toContain('No epoch is complete yet');
    expect([...unbalanced(none), ...unbalanced(empty)]).toEqual([]);
  });

  it('says first when the network learnt nothing, or when its temperature is at the limit', async () => {
    const [first] = BASE.history;
    const confusion = [
      [9, 0, 0],
      [6, 0, 0],
      [5, 0, 0],
    ];
    const validation = { ...first!.validation!, count: 20, accuracy: 0.45, meanClassAccuracy: 1 / 3, confusion };
    const calibration = { ...first!.calibration!, temperature: 19.99 };
    const page = await reportPage({ ...BASE, history: [{ ...first!, validation, calibration }], bestEpoch: 1 });
    const head = page.slice(page.indexOf('</h1>'), page.indexOf('<dl'));
    expect(head).toMatch(
      /<\/h1>\s*<p><strong>The network learnt nothing: .*45\.0 %[^]*temperature of 19\.99 is at the limit/,
    );
    expect(await reportPage(BASE)).not.toMatch(/learnt nothing|at the limit/);
  });

  it('draws at most 2,000 samples of the plane, the same for the same seed, all inside it', async () => {
    const data = { ...BASE, ambiguity: ambiguity(5000) };
    const page = await reportPage(data);
    const plane = sectionOf(page, 'Label ambiguity in training');
    const dots = [...plane.matchAll(/<circle class="w([0-7])" cx="([\d.]+)" cy="([\d.]+)"/g)].map((found) =>
      found.slice(1).map(Number),
    );
    expect(dots).toHaveLength(2000);
    expect(new Set(dots.map(([weight]) => weight)).size).toBe(8);
    const [, left, top, side] = /<rect class="frame" x="(\d+)" y="(\d+)" width="(\d+)"/.exec(plane)!.map(Number);
    for (const [, x, y] of dots) {
      const truth = (x! - left!) / side!;
      const nearest = 1 - (y! - top!) / side!;
      expect(Math.min(truth, nearest)).toBeGreaterThan(-1e-3);
      expect(truth + nearest).toBeLessThan(1 + 1e-3);
    }
    expect(plane).toContain('2000 of 4950 samples');
    expect(plane).toContain('50 without a label');
    for (const name of ['diagonal', 'ridge', 'margin']) expect(plane).toContain(`<line class="${name}"`);
    for (const name of [
      'Clear &amp; agreed',
      'Ambiguous &amp; agreed',
      'Ambiguous &amp; disagreed',
      'Confident &amp; disagreed',
    ])
      expect(plane).toContain(`${name}</text>`);
    expect(await reportPage(data)).toBe(page);
    expect(await reportPage({ ...data, seed: 7 })).not.toBe(page);
  });

  it('says when the run did not train with the weights', async () => {
    expect(await reportPage({ ...BASE, ambiguity: ambiguity(30) })).not.toContain('would have given');
    expect(await reportPage({ ...BASE, ambiguity: { ...ambiguity(30), weightsWereUsed: false } })).toContain(
      'would have given',
    );
  });

  it('shows examples with their numbers, a gap for a picture that cannot be read, and stops when interrupted', async () => {
    const data = { ...BASE, ambiguity: ambiguity(600) };
    const asked: number[] = [];
    const page = await reportPage({
      ...data,
      pictureOf: (sample) => {
        asked.push(sample);
        return sample % 2 === 0
          ? Promise.resolve(new Uint8Array(3 * 8 * 8).fill(sample % 256))
          : Promise.reject(new Error('disk'));
      },
    });
    const examples = sectionOf(page, 'Examples');
    expect(asked).toHaveLength(48);
    expect(count(examples, /<figure>/g)).toBe(48);
    expect(count(examples, /<img /g)).toBe(asked.filter((sample) => sample % 2 === 0).length);
    expect(count(examples, /no picture/g)).toBe(asked.filter((sample) => sample % 2 === 1).length);
    for (const sample of asked) expect(examples).toContain(`>face-${sample}<`);
    await expect(
      reportPage({ ...data, pictureOf: () => Promise.reject(new FerError('INTERRUPTED', 'stopped')) }),
    ).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await expect(reportPage({ ...data, pictureOf: () => Promise.resolve(new Uint8Array(10)) })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  it('lists the settings under dotted names', async () => {
    const table = sectionOf(await reportPage(BASE), 'Settings');
    expect([...table.matchAll(/<th scope="row">([^<]*)<\/th><td>([^<]*)</g)].map((found) => found.slice(1))).toEqual([
      ['preset', 'nla'],
      ['optimizer.name', 'adam'],
      ['optimizer.betas', '[0.9,0.999]'],
    ]);
  });

  it('is written whole, or refused with the name of the file', async () => {
    const path = join(scratch, 'a run', 'report.html');
    await writeReport(path, BASE);
    expect(await readFile(path, 'utf8')).toBe(await reportPage(BASE));
    expect(await readdir(join(scratch, 'a run'))).toEqual(['report.html']);
    const folder = join(scratch, 'folder.html');
    await mkdir(folder);
    await expect(writeReport(folder, BASE)).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
      message: expect.stringContaining('folder.html') as string,
    });
  });
});

describe('what the report chooses and counts', () => {
  const points = ambiguityPoints(ambiguity(600));

  it('takes the most suspicious of likely noise, and others at random from their own quadrant', () => {
    const chosen = chooseExamples(points, new SeededRandom(2));
    const gap = (point: { nearest: number; truth: number }): number => point.nearest - point.truth;
    const widest = points
      .map(gap)
      .sort((a, b) => b - a)
      .slice(0, 12);
    expect(chosen['confident-disagreed'].map(gap)).toEqual(widest);
    for (const [quadrant, members] of Object.entries(chosen))
      expect(members.every((point) => point.quadrant === quadrant)).toBe(true);
    expect(chooseExamples(points, new SeededRandom(3))['clear-agreed']).not.toEqual(chosen['clear-agreed']);
  });

  it('samples without repeats, in order, every item as likely', () => {
    const items = Array.from({ length: 10 }, (_, i) => i);
    const hits = items.map(() => 0);
    for (let seed = 0; seed < 2000; seed += 1) {
      const drawn = sampled(items, 3, new SeededRandom(seed));
      if (drawn.length !== 3 || drawn[0]! >= drawn[1]! || drawn[1]! >= drawn[2]!)
        throw new Error(`seed ${seed}: ${drawn.join()}`);
      for (const item of drawn) hits[item]! += 1;
    }
    for (const times of hits) expect(Math.abs(times - 600)).toBeLessThan(100); // five standard deviations
    expect(sampled(items, 20, new SeededRandom(1))).toEqual(items);
  });

  it('sums a class up', () => {
    const [neutral, , anger] = ambiguityByClass(
      ambiguityPoints({
        epoch: 1,
        points: [0.75, 0.25, 0, 0.125, 0.875, 1, 0.25, 0.5, 1, 0.5, 0.25, 2],
        given: [0, 0, 0, 0],
        ids: ['a', 'b', 'c', 'd'],
        parameters: NAW_PARAMETERS.nla,
        epsilon: 1,
      }),
      THREE_LABELS,
    );
    expect(neutral).toMatchObject({
      count: 4,
      truth: 0.40625,
      nearest: 0.46875,
      shares: {
        'clear-agreed': 0.25,
        'ambiguous-agreed': 0.25,
        'ambiguous-disagreed': 0.25,
        'confident-disagreed': 0.25,
      },
      mistakenFor: { label: 'Happiness', share: 0.5 },
    });
    expect(anger).toMatchObject({ count: 0, truth: null, weight: null, mistakenFor: null });
  });
});

describe('picture in a page', () => {
  it('is the same picture, grey or colour, and large ones are scaled down', async () => {
    for (const channels of [1, 3] as const) {
      const pixels = Uint8Array.from({ length: 16 * 16 * channels }, (_, i) => (i * 7) % 256);
      const raw = await sharp(await decoded(pixels))
        .toColourspace(channels === 1 ? 'b-w' : 'srgb')
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect(raw.info).toMatchObject({ width: 16, height: 16, channels });
      expect(Uint8Array.from(raw.data)).toEqual(pixels);
    }
    expect(await sharp(await decoded(new Uint8Array(3 * 224 * 224))).metadata()).toMatchObject({
      format: 'png',
      width: 96,
      height: 96,
    });
    await expect(pngDataUri(new Uint8Array(0))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

async function decoded(pixels: Uint8Array): Promise<Buffer> {
  const uri = await pngDataUri(pixels);
  return Buffer.from(uri.slice(uri.indexOf(',') + 1), 'base64');
}

/** Tags that are not closed, or closed and never opened. */
function unbalanced(page: string): string[] {
  const wrong: string[] = [];
  const open: string[] = [];
  const body = page.replace(/<style>[\s\S]*?<\/style>/, '').replace('<!doctype html>', '');
  for (const [, closing, name, rest] of body.matchAll(/<(\/?)([a-z][a-z0-9]*)((?:"[^"]*"|[^">])*)>/g)) {
    if (['meta', 'br', 'img'].includes(name!) || rest!.endsWith('/')) continue;
    if (closing !== '/') open.push(name!);
    else if (open.pop() !== name) wrong.push(name!);
  }
  return [...wrong, ...open];
}
