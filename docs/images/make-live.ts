/**
 * Makes the pictures of the live page: drawn faces before Chromium's fake camera, in the real page and server, with scripted results.
 *
 *   npm run build:page && npx tsx docs/images/make-live.ts [FOLDER] [SCENE[-DEVICE] ...]
 *
 * Takes every scene (idle, settings, one, three, unsure, gone) on a desktop and a phone, in light and dark, into FOLDER (default: a temporary one).
 * All scenes together, or the word `docs` after them, also make the pictures of the docs: live.png, live-three.png and live-phones.png.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { openLiveServer } from '../../src/stream/server/live-server.js';
import { cameraFile, cameraFlags } from '../../test/live-page/support/camera-file.js';
import { CHROMIUM } from '../../test/live-page/support/chromium.js';
import { ScriptedEngine } from '../../test/live-page/support/scripted-engine.js';
import type { Script } from '../../test/live-page/support/scripted-engine.js';
import { liveFace } from '../../test/support/live-face.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const WEB_FOLDER = process.env['FER_WEB'] ?? join(ROOT, 'dist/stream/web');
const scratch = await mkdtemp(join(tmpdir(), 'make-live-'));
const [folder = scratch, ...chosen] = process.argv.slice(2);
/** Long enough to fill the timeline. */
const RUN_SECONDS = Number(process.env['RUN_SECONDS'] ?? 34);
/** Slows the clock of the page by this factor, so that a busy machine takes the pictures that an idle one would. */
const SLOW = Number(process.env['SLOW'] ?? 1);
const SLOW_CLOCK = `{
  const now = performance.now.bind(performance);
  performance.now = () => now() / ${SLOW};
  const { prototype } = HTMLVideoElement;
  const request = prototype.requestVideoFrameCallback;
  prototype.requestVideoFrameCallback = function (callback) {
    return request.call(this, (at, { captureTime = at }) => callback(at / ${SLOW}, { captureTime: captureTime / ${SLOW} }));
  };
}`;
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];
const DEVICES = {
  desktop: { viewport: { width: 1280, height: 760 } },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
};

/** Mouths for fixtures/drawn-face.svg beside its own smile, and by how much the brows are raised. */
const MOUTHS = {
  smile: { mouth: null, raise: 0 },
  calm: {
    mouth:
      '<path d="M276 318 Q320 326 364 318 Q342 336 320 336 Q298 336 276 318Z" fill="#b0554f"/><path d="M276 318 Q320 324 364 318" fill="none" stroke="#7a2f2b" stroke-width="3"/>',
    raise: 0,
  },
  open: {
    mouth:
      '<ellipse cx="320" cy="328" rx="27" ry="34" fill="#b95750"/><ellipse cx="320" cy="328" rx="19" ry="26" fill="#4a1716"/>',
    raise: 16,
  },
} as const;

interface Person {
  readonly mouth: keyof typeof MOUTHS;
  /** Where the 640x480 drawing goes. */
  readonly x: number;
  readonly y: number;
  readonly scale: number;
  readonly hair: string;
  readonly coat: string;
  readonly blur?: number;
}

const ALONE: Person = { mouth: 'smile', x: 0, y: 0, scale: 1, hair: '#3a2618', coat: '#34506b' };
const GROUP: readonly Person[] = [
  { mouth: 'calm', x: -118, y: 70, scale: 0.78, hair: '#6b4a2b', coat: '#5b4a6b' },
  { mouth: 'open', x: 268, y: 92, scale: 0.74, hair: '#1d1a18', coat: '#6b3f3f' },
  { mouth: 'smile', x: 66, y: 118, scale: 0.8, hair: '#3a2618', coat: '#34506b' },
];
const BLURRED: readonly Person[] = [
  { mouth: 'smile', x: -70, y: 40, scale: 0.9, hair: '#3a2618', coat: '#34506b' },
  { mouth: 'calm', x: 330, y: 180, scale: 0.5, hair: '#6b4a2b', coat: '#5b4a6b', blur: 5 },
];

/** Each expression's share over time: slow waves with a peak of its own. */
function wave(seconds: number, shift: number, peaks: Readonly<Record<string, number>>): Record<string, number> {
  const labels = ['neutral', 'happiness', 'sadness', 'anger', 'fear', 'disgust', 'surprise'];
  const raw = labels.map((label, k) => {
    const strength = peaks[label] ?? 0;
    return strength <= 0 ? 0.0008 : strength * (0.7 + 0.3 * Math.sin(seconds / 2.6 + shift + k * 2.1)) + 0.01;
  });
  const sum = raw.reduce((total, value) => total + value, 0);
  return Object.fromEntries(labels.map((label, k) => [label, raw[k]! / sum]));
}

/** The face of a person as the detector frames it, swaying a little. */
function boxOf({ x, y, scale }: Person, seconds: number) {
  const sway = 2 * Math.sin(seconds);
  return { x: x + (205 + sway) * scale, y: y + 105 * scale, width: 230 * scale, height: 275 * scale };
}

const PEAKS = [
  { happiness: 4, neutral: 0.6, surprise: 0.25 },
  { neutral: 3.2, sadness: 0.6, anger: 0.12 },
  { surprise: 3, fear: 0.8, happiness: 0.15 },
];

function script(people: readonly Person[], peaks: readonly Readonly<Record<string, number>>[], unsure = -1): Script {
  return (seconds) =>
    people.map((person, k) =>
      liveFace(wave(seconds, k * 1.7, peaks[k]!), {
        trackId: k + 1,
        box: boxOf(person, seconds),
        ...(k === unsure ? { trust: 'unsure' } : {}),
      }),
    );
}

interface SceneSpec {
  readonly people: readonly Person[];
  readonly script: Script;
  readonly end?: 'idle' | 'settings' | 'gone';
}

const SCENES: Readonly<Record<string, SceneSpec>> = {
  idle: { people: [ALONE], script: () => [], end: 'idle' },
  one: { people: [ALONE], script: script([ALONE], [PEAKS[0]!]) },
  three: { people: GROUP, script: script(GROUP, [PEAKS[1]!, PEAKS[2]!, PEAKS[0]!]) },
  unsure: { people: BLURRED, script: script(BLURRED, [PEAKS[0]!, { sadness: 1.2, neutral: 1, anger: 0.8 }], 1) },
  settings: { people: [ALONE], script: () => [], end: 'settings' },
  gone: { people: [ALONE], script: script([ALONE], [PEAKS[0]!]), end: 'gone' },
};

async function drawing(people: readonly Person[]): Promise<Buffer> {
  const svg = await readFile(join(ROOT, 'fixtures/drawn-face.svg'), 'utf8');
  const ground = await sharp(Buffer.from(svg.replace(/<\/defs>[^]*<\/svg>/, `</defs>${GROUND}</svg>`))).png().toBuffer();
  const layers = await Promise.all(people.map((person) => cutOut(svg, person)));
  return sharp(ground).composite(layers).flatten().png().toBuffer();
}

const GROUND =
  '<rect width="640" height="480" fill="url(#bg)"/><rect x="430" y="40" width="150" height="190" rx="6" fill="#dfe9ee" opacity="0.5"/><rect x="40" y="300" width="180" height="8" fill="#3f5c70" opacity="0.5"/>';

/** Below the drawing's own edge. */
const BODY = '<rect x="110" y="479" width="420" height="400" fill="#34506b"/>';

/** One person without the ground, on the canvas of 640x480. */
async function cutOut(svg: string, { mouth, x, y, scale, hair, coat, blur }: Person) {
  const { mouth: shape, raise } = MOUTHS[mouth];
  const lines = svg
    .split('\n')
    .filter((line) => !line.startsWith('<rect width="640"'))
    .filter((line) => shape === null || !/^<path d="M(262 300|270 303|258 299|272 330|248 268)/.test(line))
    .map((line) =>
      line.startsWith('<path d="M240 190') ? `<g transform="translate(0 ${-raise})">${line}</g>` : line,
    );
  const body = lines
    .join('\n')
    .replace('</defs>', `</defs><g transform="translate(${x} ${y}) scale(${scale})">${BODY}`)
    .replace('</svg>', `${shape ?? ''}</g></svg>`)
    .replaceAll('#3a2618', hair)
    .replaceAll('#34506b', coat);
  const picture = sharp(Buffer.from(body));
  return { input: await (blur === undefined ? picture : picture.blur(blur)).png().toBuffer() };
}

/** @param when the page must show this: a slow machine may have to catch up */
async function shoot(page: Page, name: string, when: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.waitForTimeout(400);
    await page.locator(when).waitFor({ timeout: 300_000 });
    await page.screenshot({ path: join(folder, `live-${name}-${colorScheme}.png`) });
  }
}

function isChosen(shot: string): boolean {
  return chosen.length === 0 || chosen.some((choice) => shot === choice || shot.startsWith(`${choice}-`));
}

async function takeScene(name: string, { people, script: results, end }: SceneSpec): Promise<void> {
  const film = await cameraFile(scratch, name, await drawing(people), 30);
  const browser = await chromium.launch({ executablePath: CHROMIUM!, args: [...FLAGS, ...cameraFlags(film)] });
  for (const [device, options] of Object.entries(DEVICES)) {
    if (!isChosen(`${name}-${device}`)) continue;
    const server = await openLiveServer(new ScriptedEngine((seconds) => results(seconds / SLOW)), { port: 0, webFolder: WEB_FOLDER });
    const page = await (await browser.newContext(options)).newPage();
    page.on('pageerror', ({ message }) => {
      console.error(`${name}: ${message}`);
    });
    if (SLOW !== 1) await page.addInitScript(SLOW_CLOCK);
    await page.goto(server.url);
    await page.locator('#start:enabled').waitFor({ timeout: 60_000 });
    if (end === 'settings') await page.locator('#open-settings').click();
    else if (end !== 'idle') {
      await page.locator('#start').click();
      await page.locator('.face').first().waitFor({ timeout: 60_000 });
      await page.waitForTimeout(1000 * SLOW * (end === 'gone' ? 2 : RUN_SECONDS));
    }
    if (end === 'gone') {
      await server.close();
      await page.locator('#state[data-key="server-gone"]').waitFor({ timeout: 60_000 });
    }
    await shoot(page, `${name}-${device}`, end === undefined ? '#state[data-key="running"]' : '#state');
    await page.close();
    await server.close();
  }
  await browser.close();
}

/** The pictures of the docs, with few colours to keep them small. */
async function makeDocs(): Promise<void> {
  const shot = (name: string): string => join(folder, `live-${name}.png`);
  const target = (name: string): string => join(ROOT, 'docs/images', name);
  const palette = { palette: true, colours: 128, effort: 10 };
  await sharp(shot('one-desktop-light')).png(palette).toFile(target('live.png'));
  await sharp(shot('three-desktop-dark')).png(palette).toFile(target('live-three.png'));
  const phones = ['idle-phone-light', 'three-phone-light', 'unsure-phone-dark', 'gone-phone-dark'];
  const { width, height } = DEVICES.phone.viewport;
  const gap = 24;
  const layers = await Promise.all(
    phones.map(async (name, k) => ({
      input: await sharp(shot(name)).resize(width).png().toBuffer(),
      left: k * (width + gap),
      top: 0,
    })),
  );
  await sharp({
    create: { width: phones.length * (width + gap) - gap, height, channels: 4, background: '#0000' },
  })
    .composite(layers)
    .png(palette)
    .toFile(target('live-phones.png'));
}

for (const [name, scene] of Object.entries(SCENES))
  if (Object.keys(DEVICES).some((device) => isChosen(`${name}-${device}`))) await takeScene(name, scene);
if (chosen.length === 0 || chosen.includes('docs')) await makeDocs();
await rm(scratch, { recursive: true });
