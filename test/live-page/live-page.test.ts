import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'csv-parse/sync';
import type { Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readAnnotation } from '../../src/stream/results/read-annotation.js';
import type { AnnotationLine } from '../../src/stream/results/annotation-schema.js';
import { findFfprobe } from '../../src/ingest/ffmpeg/binaries.js';
import { openLiveSource } from '../../src/ingest/live/ffmpeg-live-source.js';
import { UNSURE_COLOUR, expressionColour } from '../../src/stream/results/palette.js';
import { openLiveEngine } from '../../src/stream/live/open-live-engine.js';
import type { LiveEngine } from '../../src/stream/live/live-engine.js';
import { openLiveServer } from '../../src/stream/server/live-server.js';
import type { LiveServer } from '../../src/stream/server/live-server.js';
import type { LiveServerOptions } from '../../src/stream/server/live-server-options.js';
import { liveFace } from '../support/live-face.js';
import { scratchDir } from '../support/scratch.js';
import { openPages, untilState } from './support/browser.js';
import { cameraFile, cameraFlags } from './support/camera-file.js';
import { CHROMIUM } from './support/chromium.js';
import { DRAWN_FACE, drawnFace } from './support/drawn-face.js';
import { buildPage } from './support/page-folder.js';
import { ScriptedEngine } from './support/scripted-engine.js';

/** The page works; how fast depends on the machine. */
const WORKING = ['running', 'overloaded'];
const EXAMPLE = new URL('../../examples/live-embed.html', import.meta.url);
const TOKEN = 'a-token-of-the-test';

let folder: string;
let webFolder: string;
let someone: string[];
let engine: LiveEngine;
const servers: LiveServer[] = [];
const openPage = openPages();

/** Finds a face in every picture: for tests of the page, not of what is found. */
const scripted = new ScriptedEngine(() => [liveFace({ neutral: 0.1, happiness: 0.9 })]);

async function serve(options: LiveServerOptions = {}, by: LiveEngine = scripted): Promise<LiveServer> {
  const server = await openLiveServer(by, { port: 0, webFolder, ...options });
  servers.push(server);
  return server;
}

describe.skipIf(CHROMIUM === null)('the live page in Chromium', { timeout: 180_000 }, () => {
  beforeAll(async () => {
    folder = await scratchDir();
    webFolder = join(folder, 'web');
    const [, film] = await Promise.all([
      buildPage(webFolder),
      drawnFace().then((picture) => cameraFile(folder, 'someone', picture)),
    ]);
    someone = [...cameraFlags(film), '--host-resolver-rules=MAP ferstream.test 127.0.0.1'];
    engine = await openLiveEngine({ backend: 'wasm' });
  }, 180_000);
  afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));
  afterAll(() => engine.close());

  it('shows the face in the camera, survives a restart of the server, and records', async () => {
    const server = await serve({}, engine);
    const { page, complaints } = await openPage(server.url, someone);
    await untilState(page, 'off');
    await page.keyboard.press('s');
    await untilState(page, ...WORKING);

    const face = page.locator('.face').first();
    await expectFace(face);
    expect(await face.locator('.bars > li > span:first-child').allTextContents()).toEqual(
      engine.description.model.labels,
    );
    expect(await page.locator('#picture').getAttribute('aria-label')).toMatch(
      /^Picture of the camera\. Face 1: \w+ \d+ %/,
    );
    await expectBoxDrawn(page);

    await page.getByRole('button', { name: 'Record' }).click();
    await page.locator('#recorded', { hasText: /Recording: [1-9]/ }).waitFor();
    expect(complaints).toEqual([]);

    await server.close();
    await untilState(page, 'server-gone');
    await serve({ port: server.port }, engine);
    await untilState(page, ...WORKING);
    const before = await page.locator('#recorded').textContent();
    await page.locator('#recorded').filter({ hasNotText: before! }).waitFor();
    await page.keyboard.press('r');
    // The browser itself complains of what it could not connect to, and of nothing else.
    expect(complaints.filter((text) => !text.includes('WebSocket connection'))).toEqual([]);

    const lines = await readLines(await download(page, 'Download JSONL', folder));
    const frames = lines.filter((line) => line.type === 'frame');
    expect(lines[0]).toMatchObject({
      type: 'run',
      input: { name: 'camera', kind: 'live' },
      model: engine.description.model,
    });
    expect(lines.at(-1)).toMatchObject({
      type: 'end',
      frames: frames.length,
      note: expect.stringMatching(/^2 connections/) as unknown,
    });
    expect(frames.map(({ index }) => index)).toEqual(frames.map((_, index) => index));
    expect(frames.every(({ timestamp }, index) => index === 0 || timestamp > frames[index - 1]!.timestamp)).toBe(true);
    // Faces of the second connection do not pass for those of the first.
    expect([...new Set(frames.flatMap(({ faces }) => faces.map(({ trackId }) => trackId)))]).toEqual([1, 2]);

    const rows = parse<Record<string, string>>(await readFile(await download(page, 'Download CSV', folder)), {
      columns: true,
    });
    expect(rows.map((row) => [row['frame'], row['label']])).toEqual(
      frames.flatMap(({ index, faces }) =>
        faces.length === 0 ? [[String(index), '']] : faces.map(({ label }) => [String(index), label]),
      ),
    );
  });

  it('mirrors the picture but not the text, by key too, unless shortcuts are off', async () => {
    const { page } = await openPage((await serve()).url, someone);
    const mirror = page.getByRole('button', { name: 'Mirror' });
    await untilState(page, 'off');
    await page.keyboard.press('m');
    expect(await mirror.getAttribute('aria-pressed')).toBe('true');
    await page.getByRole('button', { name: 'Settings', exact: true }).click();
    await page.getByLabel('Keyboard shortcuts').uncheck();
    await page.keyboard.press('Escape');
    await page.keyboard.press('m');
    expect(await mirror.getAttribute('aria-pressed')).toBe('true');
  });

  it('is usable with the Tab key in reading order, and every control has a name', async () => {
    const { page } = await openPage((await serve()).url, someone);
    await untilState(page, 'off');
    const tabTo = async (count: number): Promise<string[]> => {
      const order: string[] = [];
      for (let k = 0; k < count; k += 1) {
        await page.keyboard.press('Tab');
        order.push(await page.evaluate<string>('document.activeElement.id'));
        expect(await page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle')).not.toBe('none');
      }
      return order;
    };
    expect(await tabTo(4)).toEqual(['start', 'mirror', 'full-screen', 'open-settings']);
    await page.keyboard.press('Enter');
    expect(await page.evaluate<string>('document.activeElement.id')).toBe('close-settings');
    expect(await tabTo(6)).toEqual(['mode', 'camera', 'resolution', 'smoothing', 'film-choice', 'shortcuts']);
    for (const name of ['What to watch', 'Camera', 'Resolution', 'Smoothing', 'Video in recordings'])
      expect(await page.getByLabel(name, { exact: false }).count()).toBeGreaterThan(0);
    await page.keyboard.press('Escape');
    expect(await page.evaluate<string>('document.activeElement.id')).toBe('open-settings');
  });

  it('shows an error and a way back, not the last face, when the server has no source', async () => {
    const { page } = await openPage((await serve()).url, someone);
    await page.locator('#start:enabled').click();
    await page.locator('.face').first().waitFor();
    await page.getByRole('button', { name: 'Settings', exact: true }).click();
    await page.locator('#mode').selectOption('source');
    await untilState(page, 'no-source');
    expect(await page.locator('.face').count()).toBe(0);
    expect(await page.locator('#stop').isVisible()).toBe(false);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Use this camera' }).click();
    await untilState(page, ...WORKING);
  });

  it('fits a small phone: its header stays in one line, full screen is full, and the picture has the height of a phone on its side', async () => {
    const server = await serve();
    const { page } = await openPage(server.url, someone, { viewport: { width: 360, height: 740 } });
    await untilState(page, 'off');
    const bounds = async (selector: string) => (await page.locator(selector).boundingBox())!;
    const before = await bounds('body > header');
    await page.locator('#start').click();
    await page.locator('#model-chip').waitFor();
    await untilState(page, ...WORKING);
    expect(await bounds('body > header')).toEqual(before);
    const chip = await bounds('#model-chip');
    const title = await bounds('h1');
    expect([chip.x >= title.x + title.width, chip.x + chip.width <= 360]).toEqual([true, true]);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(360);

    await page.locator('#full-screen').click();
    await page.locator('#full-screen[aria-pressed="true"]').waitFor();
    const controls = await bounds('.controls');
    const height = await page.evaluate<number>('innerHeight');
    expect(controls.y + controls.height).toBeGreaterThan(height - 2);
    await page.locator('#full-screen').click();
    await page.locator('#full-screen[aria-pressed="false"]').waitFor();

    for (const width of [320, 360, 700, 880, 1024, 1180, 1200]) {
      await page.setViewportSize({ width, height: 700 });
      const all = await bounds('#stage');
      for (const button of ['#stop', '#open-settings']) {
        const { x, width: own } = await bounds(button);
        expect([width, button, x >= all.x, x + own <= all.x + all.width]).toEqual([width, button, true, true]);
      }
    }

    await page.setViewportSize({ width: 740, height: 360 });
    await expect.poll(async () => (await bounds('.screen')).height, { timeout: 60_000 }).toBeGreaterThan(280);
    expect((await bounds('.screen')).y).toBe(0);
  });

  it('saves a snapshot, and records a video with the results', async () => {
    const { page, complaints } = await openPage((await serve()).url, someone);
    await page.locator('#start:enabled').click();
    await page.locator('.face').first().waitFor();
    const [snapshot] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('p')]);
    const png = join(folder, snapshot.suggestedFilename());
    await snapshot.saveAs(png);
    expect(await sharp(png).metadata()).toMatchObject({ format: 'png', width: 960, height: 720 });

    await page.keyboard.press('r');
    await page.locator('#recorded', { hasText: /Recording: ([5-9]|\d\d)/ }).waitFor();
    const isAskedBeforeLeaving = (): Promise<boolean> =>
      page.evaluate(`!dispatchEvent(new Event('beforeunload', { cancelable: true }))`);
    expect(await isAskedBeforeLeaving()).toBe(true);
    await page.keyboard.press('r');
    expect(await isAskedBeforeLeaving()).toBe(false);
    const film = await download(page, 'Download video', folder);
    const { stdout } = await promisify(execFile)((await findFfprobe()).path, [
      ...['-v', 'error', '-count_frames', '-select_streams', 'v', '-of', 'csv=p=0'],
      ...['-show_entries', 'stream=width,height,nb_read_frames', film],
    ]);
    const [width, height, frames] = stdout.trim().split(',').map(Number);
    expect([width, height]).toEqual([640, 480]);
    expect(frames).toBeGreaterThan(1);
    expect(complaints).toEqual([]);
  });

  it('reports an empty picture', async () => {
    const { page } = await openPage((await serve({}, new ScriptedEngine(() => []))).url, someone);
    await page.locator('#start:enabled').click();
    await untilState(page, 'no-face', 'overloaded');
    expect(await page.locator('.face').count()).toBe(0);
  });

  it.each([
    ['denied', ['--use-fake-device-for-media-stream', '--deny-permission-prompts'], 'No permission to use the camera'],
    [
      'no-camera',
      ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream=device-count=0'],
      'No camera found',
    ],
  ])('says what to do without a picture: %s', async (key, flags, headline) => {
    const { page } = await openPage((await serve()).url, flags);
    await page.locator('#start:enabled').click();
    await untilState(page, key);
    expect(await page.locator('#headline').textContent()).toBe(headline);
    expect(await page.locator('#advice').textContent()).toMatch(/start again/);
  });

  it('says that cameras need https', async () => {
    const server = await serve({ origins: ['http://ferstream.test'] });
    const { page } = await openPage(`http://ferstream.test:${server.port}`, someone);
    await page.locator('#start:enabled').click();
    await untilState(page, 'insecure');
  });

  it('takes the token from the fragment, and sends it to the WebSocket alone', async () => {
    const server = await serve({ token: TOKEN });
    const wrong = await openPage(server.url, someone);
    await untilState(wrong.page, 'wrong-token');
    const right = await openPage(`${server.url}/#token=${TOKEN}`, someone);
    await untilState(right.page, 'off');
    expect(right.requests.filter((address) => new URL(address).search !== '')).toEqual([]);
  });

  it("shows the server's source when it has one, and lays boxes over it", async () => {
    const film = await cameraFile(folder, 'source', await drawnFace());
    const server = await serve({ source: openLiveSource(film, { loop: true }) }, engine);
    const { page, complaints } = await openPage(server.url, someone);
    await untilState(page, ...WORKING);
    expect(await page.locator('#mode').inputValue()).toBe('source');
    await expectFace(page.locator('.face').first());
    await expectBoxDrawn(page);
    expect(complaints).toEqual([]);

    const overlay = await openPage(`${server.url}/overlay`, someone, { viewport: { width: 640, height: 480 } });
    await overlay.page.locator('#overlay[data-faces="1"]').waitFor();
    // Nothing but box and label: the corner of the picture shows through.
    const [corner, drawn] = await overlay.page.evaluate<[number, number]>(`(() => {
      const { data } = document.getElementById('overlay').getContext('2d').getImageData(0, 0, 640, 480);
      return [data[3], data.filter((alpha, k) => k % 4 === 3 && alpha > 0).length];
    })()`);
    expect(corner).toBe(0);
    expect(drawn).toBeGreaterThan(1000);
    expect(await overlay.page.evaluate<string>('getComputedStyle(document.body).backgroundColor')).toBe(
      'rgba(0, 0, 0, 0)',
    );
    expect(overlay.complaints).toEqual([]);
  });

  it('works from a page of another site: examples/live-embed.html', async () => {
    const own = createServer((request, response) => {
      void answerOwnPage(request.url ?? '/', response);
    });
    await new Promise<void>((resolve) => own.listen(0, '127.0.0.1', resolve));
    const { port } = own.address() as AddressInfo;
    const server = await serve({ origins: [`http://127.0.0.1:${port}`] });
    const answerOwnPage = async (url: string, response: ServerResponse): Promise<void> => {
      const [, file] = /^\/node_modules\/ferstream\/dist\/([\w/.-]+\.js)$/.exec(url) ?? [];
      const content =
        file === undefined
          ? (await readFile(EXAMPLE, 'utf8')).replace('http://localhost:8787', server.url)
          : await readFile(join(webFolder, 'js', file));
      response.setHeader('Content-Type', file === undefined ? 'text/html' : 'text/javascript').end(content);
    };
    try {
      const { page } = await openPage(`http://127.0.0.1:${port}/`, someone);
      await page.locator('#faces', { hasText: /Face 1: \w+ \d+ %/ }).waitFor();
    } finally {
      own.close();
    }
  });
});

/** The box is on the drawn face, and the posteriors are ones. */
async function expectFace(face: Locator): Promise<void> {
  const [x, y, width, height] = (await face.getAttribute('data-box'))!.split(',').map(Number) as [
    number,
    number,
    number,
    number,
  ];
  expect(Math.abs(x + width / 2 - DRAWN_FACE.x)).toBeLessThan(40);
  expect(Math.abs(y + height / 2 - DRAWN_FACE.y)).toBeLessThan(60);
  expect(Math.min(width, height)).toBeGreaterThan(DRAWN_FACE.smallest);
  expect(Math.max(width, height)).toBeLessThan(DRAWN_FACE.largest);
  expect(engine.description.model.labels).toContain(await face.getAttribute('data-label'));
  const shares = await face
    .locator('.value')
    .evaluateAll((values: readonly { getAttribute(name: string): string | null }[]) =>
      values.map((value) => Number(value.getAttribute('data-share'))),
    );
  expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 3);
}

/** The edges of the box that the page reports are drawn, in the colour of the label it reports (grey if unsure). */
async function expectBoxDrawn(page: Page): Promise<void> {
  // The box of an ambiguous face is dashed. Another picture may have come between the questions.
  await expect.poll(() => shareOfEdgesDrawn(page), { timeout: 60_000 }).toBeGreaterThan(0.4);
}

async function shareOfEdgesDrawn(page: Page): Promise<number> {
  const face = page.locator('.face').first();
  const isUnsure = ((await face.getAttribute('class')) ?? '').includes('unsure');
  const colour = `#${isUnsure ? UNSURE_COLOUR : expressionColour((await face.getAttribute('data-label'))!)}`;
  const box = (await face.getAttribute('data-box'))!.split(',').map(Number);
  const wanted = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  return page.evaluate<number>(`(() => {
    const canvas = document.getElementById('picture');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const scale = Math.min(canvas.width / 640, canvas.height / 480);
    const [left, top, width, height] = ${JSON.stringify(box)}.map((length) => Math.round(length * scale));
    const x = left + Math.round((canvas.width - 640 * scale) / 2);
    const y = top + Math.round((canvas.height - 480 * scale) / 2);
    const isColoured = (column, row) => ${JSON.stringify(wanted)}.every((part, k) => Math.abs(data[4 * (row * canvas.width + column) + k] - part) < 12);
    const near = [-4, -3, -2, -1, 0, 1, 2, 3, 4];
    let rows = 0;
    for (let row = y; row < y + height; row += 1)
      if ([x, x + width].some((edge) => near.some((away) => isColoured(edge + away, row)))) rows += 1;
    return rows / height;
  })()`);
}

async function download(page: Page, name: string, into: string): Promise<string> {
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name }).click()]);
  const path = join(into, file.suggestedFilename());
  await file.saveAs(path);
  return path;
}

async function readLines(path: string): Promise<AnnotationLine[]> {
  const lines: AnnotationLine[] = [];
  for await (const line of readAnnotation(path)) lines.push(line);
  return lines;
}
