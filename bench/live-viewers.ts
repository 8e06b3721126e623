/**
 * What slow viewers cost: a hundred watch the source, pictures included, half of them never read. Prints the server's resident memory before, and minute by
 * minute; fails when it grows without end.
 *
 *   npm run bench:live-viewers [-- --minutes 5 --viewers 100 --write]
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
import { markdownTable } from './table.js';

const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    viewers: { type: 'string', default: '100' },
    write: { type: 'boolean', default: false },
  },
});
const minutes = Number(flags.minutes);
const viewers = Number(flags.viewers);
const SAMPLES = 6;
const ABOUT =
  'All viewers watch the source with its frames; every second one stops reading, and is disconnected after three unanswered pings.';
/** Megabytes between the second sample, when all buffers are full, and the last. */
const MOST_GROWTH = 40;

const scratch = await mkdtemp(join(tmpdir(), 'ferstream-bench-'));
const clip = await buildPanningFace(join(scratch, 'face.mp4'));
const server = await startLive('--backend', 'wasm', '--source', clip, '--loop', '--max-viewers', String(viewers));
const sockets: WebSocket[] = [];
try {
  const rows: string[][] = [];
  const resident: number[] = [];
  const sample = async (minute: number): Promise<void> => {
    const metric = await server.metrics();
    resident.push(metric('process_resident_memory_bytes') / 2 ** 20);
    const here = String(metric('ferstream_sessions{role="viewer"}'));
    rows.push([
      minute.toFixed(1),
      here,
      resident.at(-1)!.toFixed(0),
      String(metric('ferstream_viewer_messages_dropped_total')),
      String(received),
    ]);
  };
  let received = 0;
  await sample(0);
  for (let i = 0; i < viewers; i++) {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/watch?frames=1`);
    socket.on('error', () => undefined);
    if (i % 2 === 0) socket.on('message', () => received++);
    else
      socket.on('open', () => {
        socket.pause();
      });
    sockets.push(socket);
  }
  for (let i = 1; i < SAMPLES; i++) {
    await sleep((minutes * 60_000) / (SAMPLES - 1));
    await sample((minutes * i) / (SAMPLES - 1));
  }
  const table = markdownTable(
    ['minute', 'viewers', 'server MB', 'messages dropped', 'messages read'],
    [...rows.slice(0, 2), ...rows.slice(-1)],
  );
  console.log(table);
  const growth = resident.at(-1)! - resident[1]!;
  console.log(`growth after the first ${(minutes / (SAMPLES - 1)).toFixed(1)} minutes: ${growth.toFixed(0)} MB`);
  if (flags.write)
    await writeSection(
      'Viewers that do not read',
      `npm run bench:live-viewers -- --minutes ${flags.minutes} --viewers ${flags.viewers} --write`,
      ABOUT,
      table,
    );
  if (received === 0 || growth > MOST_GROWTH) process.exitCode = 1;
} finally {
  for (const socket of sockets) socket.terminate();
  await server.stop();
  await rm(scratch, { recursive: true, force: true });
}
