/**
 * Does memory grow with the length of the footage? Annotates one long clip (a face drifting about, looped by ffmpeg) and prints the
 * process's resident memory minute by minute of footage, the growth from minute 1 to the end, and the tensors left over.
 *
 *   npm run bench:memory [-- --minutes 20 --detect-every 5 --slow]
 *
 * `--slow` makes the consumer ten times slower than the pipeline on every 50th frame's worth of work.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { tf } from '../src/model/tfjs.js';
import { expandInputs } from '../src/ingest/sources/expand-inputs.js';
import { Annotator } from '../src/stream/annotate/annotator.js';
import { buildPanningFace } from './panning-face.js';
import { markdownTable } from './table.js';

const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    'detect-every': { type: 'string', default: '5' },
    slow: { type: 'boolean', default: false },
  },
});
const minutes = Number(flags.minutes);
const scratch = await mkdtemp(join(tmpdir(), 'ferstream-bench-'));
try {
  const clip = await buildPanningFace(join(scratch, 'long.mp4'), { seconds: minutes * 60, width: 320 });
  const annotator = await Annotator.open({ detectEvery: Number(flags['detect-every']) });
  const input = (await expandInputs([clip])).inputs[0]!;
  const tensors = tf.memory().numTensors;

  const resident: number[] = [];
  let frames = 0;
  let busy = performance.now();
  for await (const { timestamp } of await annotator.annotate(input)) {
    frames += 1;
    if (timestamp >= resident.length * 60 + 59) {
      globalThis.gc?.();
      resident.push(process.memoryUsage.rss() / 2 ** 20);
      console.log(`minute ${resident.length}: ${resident.at(-1)!.toFixed(0)} MB`);
    }
    if (flags.slow && frames % 50 === 0) {
      await new Promise((resolve) => setTimeout(resolve, 9 * (performance.now() - busy)));
      busy = performance.now();
    }
  }
  const growth = resident.at(-1)! - resident[0]!;
  const rows = [
    [
      String(frames),
      resident[0]!.toFixed(0),
      resident.at(-1)!.toFixed(0),
      growth.toFixed(0),
      String(tf.memory().numTensors - tensors),
    ],
  ];
  console.log(
    markdownTable(
      ['frames', 'MB after minute 1', `MB after minute ${resident.length}`, 'growth', 'tensors left'],
      rows,
    ),
  );
  annotator.dispose();
} finally {
  await rm(scratch, { recursive: true, force: true });
}
