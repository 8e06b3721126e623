/**
 * How live is `fer live`: results a second and milliseconds from capture to result (in the page: to the drawn result) of one producer, of four at a
 * time, and of the page itself in headless Chromium with a fake camera. Server, producers and browser share the machine.
 *
 *   npm run bench:live [-- --seconds 30 --backends wasm,onnxruntime --write]
 */
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { findFfmpeg, runProcess } from '../src/ingest/ffmpeg/binaries.js';
import { startLive } from './live-process.js';
import { writeSection } from './live-report.js';
import { buildPanningFace } from './panning-face.js';
import { markdownTable } from './table.js';
import { ScriptedProducer, webcamPictures } from './webcam.js';

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    backends: { type: 'string', default: 'wasm' },
    write: { type: 'boolean', default: false },
  },
});
const seconds = Number(flags.seconds);
const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

const ABOUT = `A producer captures 640x480 JPEGs of a face 30 times a second and has at most two unanswered frames. Times are from capture to result.`;

const scratch = await mkdtemp(join(tmpdir(), 'ferstream-bench-'));
try {
  const pictures = await webcamPictures(join(scratch, 'face.mp4'));
  const rows: string[][] = [];
  for (const backend of flags.backends.split(',')) {
    const server = await startLive('--backend', backend);
    try {
      const of = server.url;
      rows.push([backend, ...(await producers(of, 1, pictures))], [backend, ...(await producers(of, 4, pictures))]);
      const page = await inChromium(of, scratch);
      if (page !== null) rows.push([backend, ...page]);
      else
        console.warn(
          `SKIPPED the page: no browser at ${CHROMIUM} (CHROMIUM_PATH), or the page is not built (npm run build)`,
        );
    } finally {
      await server.stop();
    }
  }
  const table = markdownTable(['engine', 'who sends', 'results/s, each', 'p50 ms', 'p95 ms', 'slowest / mean'], rows);
  console.log(table);
  if (flags.write)
    await writeSection(
      'Rate and latency',
      `npm run bench:live -- --seconds ${flags.seconds} --backends ${flags.backends} --write`,
      ABOUT,
      table,
    );
} finally {
  await rm(scratch, { recursive: true, force: true });
}

async function producers(url: string, count: number, pictures: readonly Buffer[]): Promise<string[]> {
  const sending = Array.from({ length: count }, () => new ScriptedProducer(url, pictures));
  await Promise.all(sending.map((one) => one.warm()));
  for (const one of sending) one.reset();
  await sleep(seconds * 1000);
  const records = sending.map((one) => one.record());
  for (const one of sending) one.close();
  const rates = records.map(({ results }) => results / seconds);
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / count;
  const latencies = records.flatMap((record) => record.latencies).sort((a, b) => a - b);
  const quantile = (share: number): string => (latencies[Math.floor(share * latencies.length)] ?? NaN).toFixed(0);
  return [
    count === 1 ? 'one producer' : `${count} producers`,
    mean.toFixed(1),
    quantile(0.5),
    quantile(0.95),
    (Math.min(...rates) / mean).toFixed(2),
  ];
}

/** The page says itself how it does. Null without a browser or a built page. */
async function inChromium(url: string, folder: string): Promise<string[] | null> {
  if (!(await exists(CHROMIUM)) || (await fetch(url)).status !== 200) return null;
  const camera = await fakeCamera(folder);
  const args = [
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
    `--use-file-for-fake-video-capture=${camera}`,
  ];
  const browser = await chromium.launch({ executablePath: CHROMIUM, args });
  try {
    const page = await browser.newPage();
    await page.goto(url);
    await page.locator('#start').click();
    await page.locator('#faces li').first().waitFor({ timeout: 120_000 });
    await sleep(seconds * 1000);
    const [rate, median, slowest] = await Promise.all(
      ['#rate', '#median', '#slowest'].map((id) => page.locator(id).textContent()),
    );
    return ['the page, to the drawn result', number(rate), number(median), number(slowest), '–'];
  } finally {
    await browser.close();
  }
}

async function fakeCamera(folder: string): Promise<string> {
  const clip = await buildPanningFace(join(folder, 'camera.mp4'), { seconds: 6 });
  const camera = join(folder, 'camera.mjpeg');
  const { path } = await findFfmpeg();
  await runProcess(
    path,
    ['-v', 'error', '-i', clip, '-r', '30', '-pix_fmt', 'yuvj420p', '-c:v', 'mjpeg', '-q:v', '3', '-y', camera],
    60_000,
  );
  return camera;
}

function number(text: string | null | undefined): string {
  return /[\d.]+/.exec(text ?? '')?.[0] ?? '?';
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
