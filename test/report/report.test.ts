import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { convertAnnotation } from '../../src/stream/annotate/convert.js';
import { openWriters } from '../../src/stream/output/formats.js';
import { writeIndexPage } from '../../src/stream/report/index-page.js';
import type { RunMetadata } from '../../src/stream/results/annotation-schema.js';
import type { FrameResult } from '../../src/stream/pipeline/frame-result.js';
import { identifyInput } from '../../src/ingest/sources/identity.js';
import { findFfmpeg, runProcess } from '../../src/ingest/ffmpeg/binaries.js';
import { CHROMIUM } from '../live-page/support/chromium.js';
import { openPages } from '../live-page/support/browser.js';
import { GOOD, METADATA, face, frame } from '../output/support/results.js';
import { callFer } from '../support/call-fer.js';
import { scratchDir } from '../support/scratch.js';

const NASTY = '<b>"Ann"</b></script>';
const SECONDS = 12;

/** Face 1 is happy, then sad; face 2 comes later, unsure, and is covered at the end. */
const RESULTS = Array.from({ length: SECONDS * 5 }, (_, i) => {
  const time = i / 5;
  const first = face(1, time < 6 ? 'happiness' : 'sadness', { name: NASTY });
  const covered = { ...first.quality, mouthVisible: 0.1 };
  const second =
    time < 8
      ? face(2, 'neutral', { probability: 0.5, trust: 'unsure' })
      : face(2, 'surprise', { trust: 'unusable', quality: covered });
  return frame(i, time, time < 2 ? [first] : [first, second]);
});

let folder: string;
const openPage = openPages();
const page = (name: string): string => join(folder, `${name}.report.html`);

async function annotate(name: string, results: readonly FrameResult[], input: Partial<RunMetadata['input']> = {}) {
  const path = join(folder, `${name}.webm`);
  const hash = await identifyInput({ kind: 'file', path }).catch(() => null);
  const metadata = {
    ...METADATA,
    input: { ...METADATA.input, name: `${name}.webm`, hash, ...input },
    settings: {
      region: { x: 0, y: 0, width: 50, height: 100, unit: 'percent' },
      ignore: [{ x: 10, y: 10, width: 40, height: 30, unit: 'pixels' }],
    },
    people: { 1: NASTY },
  };
  const writers = await openWriters(['jsonl'], folder, name, metadata, { sourcePath: null });
  for (const result of results) await writers.write(result);
  await writers.finish({ ...GOOD, frames: results.length });
  await convertAnnotation(join(folder, `${name}.jsonl`), { formats: ['html'] });
}

beforeAll(async () => {
  folder = await scratchDir();
  const { path } = await findFfmpeg();
  const source = `testsrc2=size=320x240:rate=5:duration=${SECONDS}`;
  const video = ['-c:v', 'libvpx', '-b:v', '200k', '-deadline', 'realtime', '-cpu-used', '8'];
  await runProcess(path, ['-v', 'error', '-f', 'lavfi', '-i', source, ...video, join(folder, 'clip.webm')], 60_000);
  await annotate('clip', RESULTS);
});

describe('the report', () => {
  it('holds everything: pictures, shares, transitions, unusable stretches, areas, settings', async () => {
    const text = await readFile(page('clip'), 'utf8');
    expect(text).toContain('Face 2');
    expect(text).toMatch(/12\.0 s|12 s/);
    expect(text).toMatch(/happiness[\s\S]{0,80}50\.0/);
    expect(text).toMatch(/<th scope="row">happiness<\/th>/);
    expect(text).toMatch(/mouth covered/);
    expect(text).toContain('only here');
    expect(text).toContain('ignored');
    expect(text).toMatch(/detector|settings\.region/);
    const portraits = [...text.matchAll(/class="portrait"\s+src="data:image\/jpeg;base64,([^"]+)"/g)];
    expect(portraits).toHaveLength(2);
    expect(await sharp(Buffer.from(portraits[0]![1]!, 'base64')).metadata()).toMatchObject({ width: 176, height: 176 });
    expect(text).toContain('src="./clip.webm"');
  });

  it('needs nothing else, and no name becomes markup', async () => {
    const text = await readFile(page('clip'), 'utf8');
    expect(text).not.toMatch(/(?:src|href)="https?:|url\(|@import|fetch\(|XMLHttpRequest|import\(/);
    expect(text).not.toContain('<b>"Ann"');
    expect(text).toContain('&lt;b&gt;&quot;Ann&quot;');
    expect(text.match(/<\/script>/g)).toHaveLength(3);
  });

  it('draws a head without footage, and explains an empty recording', async () => {
    await annotate('gone', RESULTS);
    expect(await readFile(page('gone'), 'utf8')).toMatch(/No picture of Face 2/);
    await annotate('empty', [frame(0, 0, []), frame(1, 2, [])]);
    expect(await readFile(page('empty'), 'utf8')).toContain('No face was found.');
  });

  it('shows the images of a folder with their boxes', async () => {
    const images = [
      frame(0, 0, [face(1, 'happiness')], { file: 'a & b.png' }),
      frame(1, 1, [], { file: 'broken.png', status: 'unreadable', problem: 'damaged' }),
    ];
    await annotate('stills', images, { kind: 'images' });
    const text = await readFile(page('stills'), 'utf8');
    expect(text).toContain('a &amp; b.png');
    expect(text).toContain('unreadable: damaged');
    expect(text).not.toContain('<canvas');
  });

  it('is linked from the index, with each person', async () => {
    const index = join(folder, 'index.html');
    await writeIndexPage([page('clip'), page('gone')], index);
    const text = await readFile(index, 'utf8');
    expect([...text.matchAll(/<a href="([^"]+)"/g)].map(([, link]) => link)).toEqual([
      './clip.report.html',
      './gone.report.html',
    ]);
    expect(text.match(/Face 2/g)!.length).toBeGreaterThanOrEqual(2);
    await writeFile(join(folder, 'other.html'), '<p>');
    await expect(writeIndexPage([join(folder, 'other.html')], index)).rejects.toMatchObject({
      code: 'ANNOTATION_INVALID',
    });
  });

  it('is written by fer report for every JSONL file of a folder', async () => {
    await annotate('short', RESULTS.slice(0, 9));
    const { code, stdout } = await callFer(['report', folder, '-o', join(folder, 'reports')]);
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toContain(join(folder, 'reports', 'index.html'));
    expect(await readFile(join(folder, 'reports', 'clip.report.html'), 'utf8')).toContain('src="../clip.webm"');
  });

  it('keeps an index.html of others, and replaces its own', async () => {
    const site = join(folder, 'site');
    await mkdir(site);
    for (const name of ['clip', 'gone']) await copyFile(join(folder, `${name}.jsonl`), join(site, `${name}.jsonl`));
    await writeFile(join(site, 'index.html'), '<title>My site</title>');
    const refused = await callFer(['report', site]);
    expect([refused.code, refused.stderr.includes('index.html exists, and fer did not write it')]).toEqual([3, true]);
    expect(await readFile(join(site, 'index.html'), 'utf8')).toBe('<title>My site</title>');
    await rm(join(site, 'index.html'));
    expect([(await callFer(['report', site])).code, (await callFer(['report', site])).code]).toEqual([0, 0]);
  });

  it('is also written for JSONL files in folders of the folder, and without those that are damaged', async () => {
    const tree = join(folder, 'tree');
    for (const place of ['a/b', 'c', '.ferstream/segments']) {
      await mkdir(join(tree, place), { recursive: true });
      await copyFile(join(folder, 'short.jsonl'), join(tree, place, 'one.jsonl'));
    }
    await writeFile(join(tree, 'cut.jsonl'), '{"type":');
    const { code, stdout, stderr } = await callFer(['report', tree]);
    const written = ['a/b/one.report.html', 'c/one.report.html', 'index.html'].map((path) => join(tree, path));
    expect(stdout.trim().split('\n')).toEqual(written);
    expect(stderr).toMatch(/^failed: .*cut\.jsonl.*\n$/);
    expect(code).toBe(1);
    expect(await readFile(written[2]!, 'utf8')).toContain('href="./a/b/one.report.html"');
  });
});

/**
 * Waits until an expression is true in the page. Playwright's own `waitForFunction` evaluates it inside the page from
 * the second try on, which the report's Content-Security-Policy refuses.
 */
async function becomesTrue(shown: Page, expression: string): Promise<void> {
  await expect.poll(() => shown.evaluate(expression), { timeout: 60_000 }).toBe(true);
}

describe.skipIf(CHROMIUM === null)('the report in Chromium', { timeout: 120_000 }, () => {
  it.each([
    [1280, 900],
    [390, 844],
  ])('fits %d pixels, seeks the video, and is used with the keyboard', async (width, height) => {
    const opened = await openPage(pathToFileURL(page('clip')).href, [], { viewport: { width, height } });
    const lane = opened.page.getByRole('slider', { name: 'Timeline of Face 2' });
    await becomesTrue(opened.page, "document.getElementById('video').readyState >= 1");
    const wide = (await lane.boundingBox())!.width;
    await lane.click({ position: { x: wide / 2, y: 60 } });
    await becomesTrue(opened.page, "Math.abs(document.getElementById('video').currentTime - 6) < 0.3");
    expect(await lane.getAttribute('aria-valuetext')).toMatch(/^0:06\.\d, neutral 50 %, unsure$/);
    await lane.press('End');
    expect(await lane.getAttribute('aria-valuetext')).toMatch(/^0:12\.0/);
    await lane.press('Home');
    expect(await lane.getAttribute('aria-valuetext')).toBe('0:00.0, not seen');
    await opened.page.getByText('Periods of one expression').first().click();
    const rows = opened.page.locator('.periods').first().locator('tbody tr');
    // They are added by an event that follows the click.
    await expect.poll(() => rows.count(), { timeout: 60_000 }).toBe(2);
    expect(await opened.page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    expect(opened.complaints).toEqual([]);
    expect(opened.requests.filter((address) => !/^(file|data|blob):/.test(address))).toEqual([]);
  });

  it('draws each face in the colours of its expressions', async () => {
    const { page: shown } = await openPage(pathToFileURL(page('clip')).href, [], { colorScheme: 'light' });
    await becomesTrue(shown, "document.querySelector('.lane canvas').width !== 300");
    const colours = await shown.evaluate<string[]>(`(() => {
      const canvas = document.querySelector('.lane canvas');
      const context = canvas.getContext('2d');
      return [0.25, 0.75].map((at) => [...context.getImageData(Math.round(canvas.width * at), 5, 1, 1).data.slice(0, 3)].join());
    })()`);
    expect(colours).toEqual(['226,176,7', '59,143,214']);
  });

  it('draws what is in sight at once and the rest when there is time', async () => {
    const { page: shown } = await openPage(pathToFileURL(page('clip')).href, [], {
      viewport: { width: 900, height: 200 },
    });
    await becomesTrue(shown, "[...document.querySelectorAll('.lane canvas')].every(({ width }) => width !== 300)");
  });

  it('tells screen readers what every part is', async () => {
    const { page: shown } = await openPage(pathToFileURL(page('clip')).href, []);
    await shown.getByText('Periods of one expression').first().click();
    for (const name of [/^Periods of one expression \(2\)$/, 'Unusable and degraded stretches'])
      await shown.getByRole('table', { name }).waitFor();
    await shown.getByRole('list', { name: 'Colours' }).waitFor();
    await shown.getByRole('region', { name: /^Periods of .*Ann/ }).waitFor();
    expect(await shown.locator('[tabindex="0"]:not([role])').count()).toBe(0);
    expect(await shown.locator('table:not([aria-label])').filter({ visible: true }).count()).toBe(0);
    const described = await shown.evaluate<string[]>(`['aria-describedby', 'aria-details'].map((name) => {
      const id = document.querySelector('.lane canvas').getAttribute(name);
      return document.getElementById(id).tagName;
    })`);
    expect(described).toEqual(['P', 'DETAILS']);
  });
});
