/**
 * Makes live.png, a picture of the live page: a drawn face whose mouth and brows change, through Chromium's fake camera, the real page, server and engine.
 *
 *   npm run build:page && npx tsx docs/images/make-live.ts
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { findFfmpeg } from '../../src/ingest/ffmpeg/binaries.js';
import { runProcess } from '../../src/ingest/ffmpeg/run-process.js';
import { openLiveEngine } from '../../src/stream/live/open-live-engine.js';
import { openLiveServer } from '../../src/stream/server/live-server.js';
import { cameraFlags } from '../../test/live-page/support/camera-file.js';
import { CHROMIUM } from '../../test/live-page/support/chromium.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What stands in for the mouth of fixtures/drawn-face.svg, and by how much its brows are raised. */
const FACES = [
  { mouth: '<path d="M276 318 Q320 326 364 318 Q342 336 320 336 Q298 336 276 318Z" fill="#b0554f"/><path d="M276 318 Q320 324 364 318" fill="none" stroke="#7a2f2b" stroke-width="3"/>', raise: 0 },
  { mouth: null, raise: 0 },
  { mouth: '<ellipse cx="320" cy="328" rx="27" ry="34" fill="#b95750"/><ellipse cx="320" cy="328" rx="19" ry="26" fill="#4a1716"/>', raise: 16 },
] as const;
/** Seconds of each face, and of the passage to the next. */
const [HOLD, FADE] = [8, 3];

const svg = await readFile(join(ROOT, 'fixtures/drawn-face.svg'), 'utf8');
const folder = await mkdtemp(join(tmpdir(), 'make-live-'));
const inputs: string[] = [];
for (const [index, { mouth, raise }] of FACES.entries()) {
  const shapes = svg.split('\n').filter((line) => mouth === null || !/^<path d="M(262 300|270 303|258 299|272 330|248 268)/.test(line));
  const changed = shapes.map((line) => (line.startsWith('<path d="M240 190') ? `<g transform="translate(0 ${-raise})">${line}</g>` : line)).join('\n');
  const still = join(folder, `${index}.png`);
  await writeFile(still, await sharp(Buffer.from(changed.replace('</svg>', `${mouth ?? ''}</svg>`))).flatten().png().toBuffer());
  inputs.push('-loop', '1', '-framerate', '30', '-t', String(HOLD + 2 * FADE + (index === FACES.length - 1 ? 60 : 0)), '-i', still);
}
const film = join(folder, 'film.mjpeg');
const graph = `[0][1]xfade=duration=${FADE}:offset=${HOLD}[a];[a][2]xfade=duration=${FADE}:offset=${2 * HOLD + FADE}`;
await runProcess((await findFfmpeg()).path, ['-v', 'error', ...inputs, '-filter_complex', graph, '-pix_fmt', 'yuvj420p', '-c:v', 'mjpeg', '-q:v', '3', '-y', film], 120_000);

const engine = await openLiveEngine();
const server = await openLiveServer(engine, { port: 0, webFolder: join(ROOT, 'dist/stream/web') });
const browser = await chromium.launch({ executablePath: CHROMIUM!, args: cameraFlags(film) });
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
await page.goto(server.url);
await page.locator('#start:enabled').click();
await page.waitForTimeout(18_000);
// The camera's name would be the path of the film.
await page.evaluate("document.querySelector('#camera').options[0].text = 'Drawn face'");
await page.locator('.face[data-label="surprise"]').waitFor({ timeout: 60_000 });
await page.waitForTimeout(5_000);
await page.locator('#state[data-key="running"]').waitFor({ timeout: 60_000 });
await page.screenshot({ path: join(ROOT, 'docs/images/live.png'), clip: { x: 0, y: 0, width: 1280, height: 612 } });
await browser.close();
await server.close();
await engine.close();
await rm(folder, { recursive: true });
