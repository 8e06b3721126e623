/**
 * Does `fer live` leak? One producer and one viewer of a looped file stay, others come and go, some of them without closing. Prints the server's memory,
 * descriptors and tensors over time; fails if one of them grows.
 *
 *   npm run bench:live-soak [-- --minutes 30 --write]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { startLive } from './live-process.js';
import { writeSection } from './live-report.js';
import { buildPanningFace } from './panning-face.js';
import { slope } from './slope.js';
import { markdownTable } from './table.js';
import { ScriptedProducer, webcamPictures } from './webcam.js';

const { values: flags } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, write: { type: 'boolean', default: false } },
});
const minutes = Number(flags.minutes);
const SAMPLES = 30;
const ROWS = 4;
/** Caches fill and the compiler warms up in the first part of it. */
const WARM_UP = 0.3;
/** Megabytes a minute, and megabytes in all that are noise whatever the slope. */
const MOST_SLOPE = 1;
const NOISE = 20;
const MOST_DESCRIPTORS = 8;

const scratch = await mkdtemp(join(tmpdir(), 'ferstream-bench-'));
const clip = await buildPanningFace(join(scratch, 'face.mp4'));
const server = await startLive('--backend', 'wasm', '--source', clip, '--loop', '--max-producers', '8');
const over = new AbortController();
try {
  const pictures = await webcamPictures(join(scratch, 'webcam.mp4'));
  const steady = new ScriptedProducer(server.url, pictures);
  const viewer = new WebSocket(`${server.url.replace('http', 'ws')}/v1/watch`);
  viewer.on('message', () => undefined);
  await steady.warm();
  let visits = 0;
  const visiting = comeAndGo(pictures, () => visits++);

  const samples: { minute: number; megabytes: number; descriptors: number; tensors: number }[] = [];
  const rows: string[][] = [];
  const began = performance.now();
  for (let i = 0; i < SAMPLES; i++) {
    await sleep((minutes * 60_000) / SAMPLES);
    const metric = await server.metrics();
    const one = {
      minute: (performance.now() - began) / 60_000,
      megabytes: metric('process_resident_memory_bytes') / 2 ** 20,
      descriptors: metric('process_open_fds'),
      tensors: metric('ferstream_engine_tensors'),
    };
    samples.push(one);
    if ((i + 1) % (SAMPLES / ROWS) !== 0) continue;
    rows.push([
      one.minute.toFixed(1),
      one.megabytes.toFixed(0),
      String(one.descriptors),
      String(one.tensors),
      String(visits),
      String(steady.record().results),
    ]);
  }
  over.abort();
  await visiting;
  steady.close();
  viewer.terminate();
  const table = markdownTable(['minute', 'MB', 'descriptors', 'tensors', 'visits', 'results'], rows);
  console.log(table);

  const warm = samples.slice(Math.floor(WARM_UP * SAMPLES));
  const growing = slope(warm.map(({ minute, megabytes }) => [minute, megabytes]));
  const lasted = warm.at(-1)!.minute - warm[0]!.minute;
  const descriptors =
    lowest(warm.slice(-5).map((one) => one.descriptors)) - lowest(warm.slice(0, 5).map((one) => one.descriptors));
  const tensors = lowest(warm.slice(-5).map((one) => one.tensors)) - lowest(warm.slice(0, 5).map((one) => one.tensors));
  const verdict = `Growth after the warm-up: ${growing.toFixed(2)} MB a minute, ${descriptors} descriptors, ${tensors} tensors.`;
  console.log(verdict);
  if (flags.write)
    await writeSection(
      'Soak',
      `npm run bench:live-soak -- --minutes ${flags.minutes} --write`,
      `One producer and one viewer stay, others come and go. ${verdict}`,
      table,
    );
  const grows = (growing > MOST_SLOPE && growing * lasted > NOISE) || descriptors > MOST_DESCRIPTORS || tensors > 0;
  if (grows || steady.record().results === 0) {
    console.error('FAILED: it grows or does not work');
    process.exitCode = 1;
  }
} finally {
  over.abort();
  await server.stop();
  await rm(scratch, { recursive: true, force: true });
}

/** Producers and viewers that stay for a few seconds; every third one leaves like a phone out of reach. */
async function comeAndGo(pictures: readonly Buffer[], onVisit: () => void): Promise<void> {
  for (let n = 0; !over.signal.aborted; n++) {
    onVisit();
    const stay = 500 + Math.random() * 2_500;
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/watch?frames=1`);
    socket.on('error', () => undefined);
    const producer = n % 2 === 0 ? new ScriptedProducer(server.url, pictures) : null;
    await sleep(stay, undefined, { signal: over.signal }).catch(() => undefined);
    producer?.close();
    if (n % 3 === 0) socket.terminate();
    else socket.close();
  }
}

/** Of several samples, since visitors are there at some and not at others. */
function lowest(values: readonly number[]): number {
  return Math.min(...values);
}
