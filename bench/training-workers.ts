/**
 * What two training threads gain over one: whole steps (gradients, average, Adam) of the compact residual net, batch 64, 48x48x1.
 *
 *   npm run bench:workers [-- --seconds 60 --write]
 *
 * One worker computes the batch as one shard in the process' own thread, as `fer train` does; two get a shard of 32 each. On wasm, and on tfjs-node
 * where it is installed (or FERSTREAM_NATIVE_DIR names its folder). The cases of an engine take turns in one process.
 *
 * Threads are of use where cores are free, and on a busy machine two threads may well get no more time together than one alone. So every
 * step is also timed by the CPU seconds of its threads (Linux counts them in nanoseconds): the main thread's and the busiest other one's,
 * which is how long the step takes where each thread has a core to itself. On a machine with nothing else to do, both ratios agree.
 */
import { fork } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openBackend } from '../src/model/engines/open-backend.js';
import { findPackage } from '../src/model/engines/packages.js';
import { WorkerRunner } from '../src/train/trainer/worker-runner.js';
import { BATCH, CLASSES, LOSS, SIZE, microBatchesOf, openStep } from './ferstream-step.js';
import { markdownTable, median } from './table.js';

const ENGINES = ['wasm', 'tfjs-node'] as const;
type EngineName = (typeof ENGINES)[number];

interface Case {
  readonly workers: number;
  readonly microBatches: number;
}

const CASES: readonly Case[] = [
  { workers: 1, microBatches: 1 },
  { workers: 1, microBatches: 2 },
  { workers: 2, microBatches: 2 },
];

/** Of single steps, in seconds. */
interface Times {
  /** By the clock. */
  readonly wall: number[];
  /** Of the main thread and the busiest other one; null where threads are not counted. */
  readonly ownCore: (number | null)[];
  /** Of all threads. */
  readonly cpu: number[];
}

interface Measured {
  readonly description: string;
  readonly cases: readonly Times[];
}

/** CPU seconds of every thread of this process so far; null where the system does not tell. */
function threadSeconds(): ReadonlyMap<string, number> | null {
  try {
    return new Map(
      readdirSync('/proc/self/task').map((id) => [
        id,
        Number(readFileSync(`/proc/self/task/${id}/schedstat`, 'utf8').split(' ')[0]) / 1e9,
      ]),
    );
  } catch {
    return null;
  }
}

function ownCoreSeconds(
  before: ReadonlyMap<string, number> | null,
  after: ReadonlyMap<string, number> | null,
): number | null {
  if (before === null || after === null) return null;
  const spent = [...after].map(([id, seconds]) => [id, seconds - (before.get(id) ?? 0)] as const);
  const own = String(process.pid);
  return (
    (spent.find(([id]) => id === own)?.[1] ?? 0) +
    Math.max(0, ...spent.filter(([id]) => id !== own).map(([, seconds]) => seconds))
  );
}

/** The child: all cases on one engine. */
async function measure(backend: EngineName, seconds: number): Promise<Measured> {
  const { description } = await openBackend({ backend });
  const { model, rowLabels, local, step } = await openStep();
  const threads = new Map<number, WorkerRunner>();
  for (const { workers } of CASES) {
    if (workers > 1 && !threads.has(workers))
      threads.set(workers, await WorkerRunner.open({ workers, model, loss: LOSS, rowLabels, classCount: CLASSES }));
  }
  const cases = CASES.map(({ workers, microBatches }) => {
    const times: Times = { wall: [], ownCore: [], cpu: [] };
    return { runner: threads.get(workers) ?? local, microBatches, times };
  });
  const begin = performance.now();
  for (let round = 0; round < 3 || performance.now() - begin < seconds * 1000; round += 1) {
    for (const { runner, microBatches, times } of cases) {
      const input = microBatchesOf(microBatches);
      const [began, cpu, before] = [performance.now(), process.cpuUsage(), threadSeconds()];
      await step(runner, input);
      const after = threadSeconds();
      const { user, system } = process.cpuUsage(cpu);
      if (round === 0) continue; // compiles, and warms up
      times.wall.push((performance.now() - began) / 1000);
      times.ownCore.push(ownCoreSeconds(before, after));
      times.cpu.push((user + system) / 1e6);
    }
  }
  for (const runner of threads.values()) await runner.dispose();
  return { description, cases: cases.map(({ times }) => times) };
}

async function compare(seconds: number, write: boolean): Promise<void> {
  const tables: string[] = [];
  const load = loadavg()[0]!;
  for (const engine of ENGINES) {
    if (engine === 'tfjs-node' && findPackage('@tensorflow/tfjs-node') === null) {
      console.warn('tfjs-node is not installed and FERSTREAM_NATIVE_DIR names none: it is left out');
      continue;
    }
    tables.push(tableOf(await measureInChild(engine, seconds)));
  }
  const heading = [
    `Compact residual net, width 24 (0.17 M parameters): whole steps, batch ${BATCH}, ${SIZE}x${SIZE}x1, Adam; medians over ${seconds} s per engine.`,
    `${availableParallelism()} cores, load ${load.toFixed(1)} at the start, Node ${process.version}.`,
  ].join('\n');
  console.log(`${heading}\n\n${tables.join('\n\n')}`);
  if (!write) return;
  const meaning = [
    `Made by \`npm run bench:workers -- --seconds ${seconds} --write\`.`,
    '"A core each" counts the CPU time of the main thread and of the busiest other one: the speed if every thread has its own core.',
    'libtensorflow has a thread pool of its own, which makes this column too good for tfjs-node.',
  ].join('\n');
  writeFileSync(
    new URL('training-workers.md', import.meta.url),
    `# Training with workers\n\n${heading}\n\n${meaning}\n\n${tables.join('\n\n')}\n`,
  );
}

function tableOf({ description, cases }: Measured): string {
  const speed = (seconds: readonly (number | null)[]): number | null => {
    const known = seconds.filter((value) => value !== null);
    return known.length === 0 ? null : BATCH / median(known);
  };
  const text = (value: number | null, digits = 0): string => (value === null ? '' : value.toFixed(digits));
  const ratio = (value: number | null, base: number | null): string =>
    text(value === null || base === null ? null : value / base, 2);
  const [one] = cases;
  const rows = cases.map(({ wall, ownCore, cpu }, i) => [
    String(CASES[i]!.workers),
    String(CASES[i]!.microBatches),
    ...[text(speed(wall)), ratio(speed(wall), speed(one!.wall))],
    ...[text(speed(ownCore)), ratio(speed(ownCore), speed(one!.ownCore))],
    text(speed(cpu)),
  ]);
  return `${description}:\n\n${markdownTable(['workers', 'microBatches', 'images/s by the clock', 'ratio', 'images/s, a core each', 'ratio', 'images per CPU second'], rows)}`;
}

function measureInChild(engine: EngineName, seconds: number): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), ['--serve', engine, '--seconds', String(seconds)]);
    child.once('message', (measured) => {
      resolve(measured as Measured);
    });
    child.once('exit', (code) => {
      reject(new Error(`${engine} ended with code ${code ?? 'none'}`));
    });
  });
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    write: { type: 'boolean', default: false },
    serve: { type: 'string' },
  },
});
const served = ENGINES.find((name) => name === values.serve);
if (served) {
  process.send?.(await measure(served, Number(values.seconds)));
  process.disconnect();
} else await compare(Number(values.seconds), values.write);
