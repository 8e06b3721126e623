/*
 * Injects faults into a real queue (redis-server) with real worker processes whose networks are stubs, and looks whether every input is done
 * once and whole: npm run test:archive-faults [scenario ...]. Takes some minutes. Needs redis-server; the full disk needs root.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openQueue } from '../src/archive/queue/redis-connection.js';
import type { ArchiveQueue } from '../src/archive/queue/redis-connection.js';
import { submitTask } from '../src/archive/queue/submit.js';
import { retryFailed } from '../src/archive/queue/queue-admin.js';
import { DEFAULT_CROP } from '../src/model/crop-geometry.js';
import { openBackend } from '../src/model/engines/open-backend.js';
import { openDataset } from '../src/train/data/formats/registry.js';
import { prepareDataset } from '../src/train/data/preprocess/prepare-dataset.js';
import { writeStriped } from '../test/support/striped-dataset.js';
import { readAnnotation } from '../src/stream/results/read-annotation.js';
import { endOf, stubRun, submitPaths, writeInputs } from '../test/archive/support/archive.js';
import type { TestSubmission } from '../test/archive/support/archive.js';
import { TestRedis } from '../test/archive/support/redis.js';

const FRAMES = 20;
process.env['STUB_FRAMES'] = String(FRAMES);
process.env['STUB_MS'] = '40';
const WORKER = fileURLToPath(new URL('../test/archive/support/stub-worker.ts', import.meta.url));
const TSX = import.meta.resolve('tsx');
const SECOND = 1_000;

interface Stage {
  readonly folder: string;
  readonly redis: TestRedis;
  readonly archive: ArchiveQueue;
  readonly outputDir: string;
  readonly workers: ChildProcess[];
  start(skew?: number, prefix?: readonly string[]): Promise<ChildProcess>;
  submit(count: number): Promise<TestSubmission>;
}

interface Scenario {
  readonly fault: string;
  readonly promise: string;
  /** @returns the number of injected faults, and the inputs submitted or what is wrong with a task's outputs */
  run(
    stage: Stage,
  ): Promise<
    { readonly faults: number } & ({ readonly submission: TestSubmission } | { readonly wrong: readonly string[] })
  >;
}

const SCENARIOS: Record<string, Scenario> = {
  worker: {
    fault: 'kill -9 of a worker',
    promise: 'its jobs are done by others',
    async run(stage) {
      await stage.start();
      await stage.start();
      const submission = await stage.submit(80);
      return {
        submission,
        faults: await repeat(12, async (i) => {
          await someDone(stage, 3 * (i + 1));
          kill(stage.workers.shift()!);
          await stage.start();
        }),
      };
    },
  },
  process: {
    fault: 'kill -9 of an inference process',
    promise: 'the job is tried again',
    async run(stage) {
      await stage.start();
      const submission = await stage.submit(60);
      return {
        submission,
        faults: await repeat(12, async (i) => {
          await someDone(stage, 3 * (i + 1));
          const victim = await childOf(stage.workers[0]!.pid!);
          if (victim !== null) process.kill(victim, 'SIGKILL');
        }),
      };
    },
  },
  redis: {
    fault: 'kill -9 of Redis (append-only file), restart',
    promise: 'no job is lost, workers and submitters go on',
    async run(stage) {
      await stage.start();
      const submission = await stage.submit(60);
      return {
        submission,
        faults: await repeat(8, async (i) => {
          await someDone(stage, 4 * (i + 1));
          await stage.redis.kill();
          await delay(300);
          await stage.redis.start();
        }),
      };
    },
  },
  unreachable: {
    fault: 'Redis does not answer, for 5 s and once for a minute',
    promise: 'everybody waits and goes on',
    async run(stage) {
      await stage.start();
      const submission = await stage.submit(40);
      return {
        submission,
        faults: await repeat(4, async (i) => {
          await someDone(stage, 3 * (i + 1));
          stage.redis.pause();
          await delay(i === 3 ? 60 * SECOND : 5 * SECOND);
          stage.redis.resume();
        }),
      };
    },
  },
  submitter: {
    fault: 'kill -9 of the submitter',
    promise: 'the same command submits the rest, nothing twice',
    async run(stage) {
      const paths = await writeInputs(join(stage.folder, 'in'), namesOf(300));
      const list = join(stage.folder, 'list');
      await writeFile(list, paths.join('\n'));
      const cli = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
      const faults = await repeat(4, async (i) => {
        const args = [
          'annotate',
          '--queue',
          stage.redis.address,
          '--inputs-from',
          list,
          '-o',
          join(stage.folder, 'other'),
        ];
        const submitter = spawn(process.execPath, ['--import', TSX, cli, ...args, '--model', 'face-api'], {
          stdio: 'ignore',
        });
        while ((await stage.archive.queue.getJobCountByTypes('prioritized')) === 0 && submitter.exitCode === null)
          await delay(5);
        await delay(i * 20);
        kill(submitter);
      });
      await stage.archive.queue.drain(true);
      const submission = await submitPaths(stage.archive, await stubRun(stage.outputDir), paths.slice(0, 40));
      const again = await submitPaths(stage.archive, await stubRun(stage.outputDir), paths.slice(0, 40));
      if (again.submitted.added !== 0) throw new Error('submitted twice');
      await stage.start();
      return { submission, faults };
    },
  },
  disk: {
    fault: 'full disk',
    promise: 'inputs fail with the reason and nothing half written; fer queue retry does them',
    async run(stage) {
      await mkdir(stage.outputDir, { recursive: true });
      const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', stage.outputDir]).status === 0;
      if (!mounted) throw new Error('skipped: mounting needs root');
      await stage.start();
      const submission = await stage.submit(20);
      const failed = (await endOf(stage.archive, submission)).filter((one) => 'failure' in one).length;
      if (failed === 0) throw new Error('WRONG: the disk was not full');
      spawnSync('mount', ['-o', 'remount,size=64m', stage.outputDir]);
      await retryFailed(stage.archive.queue, []);
      return { submission, faults: 1 };
    },
  },
  twice: {
    fault: 'two workers with the same job (one stood still longer than its lock)',
    promise: 'both write the same files, each whole',
    async run(stage) {
      await stage.start();
      await stage.start();
      const submission = await stage.submit(30);
      return {
        submission,
        faults: await repeat(4, async (i) => {
          await someDone(stage, 4 * (i + 1));
          const one = stage.workers[i % 2]!;
          one.kill('SIGSTOP');
          await delay(6 * SECOND);
          one.kill('SIGCONT');
        }),
      };
    },
  },
  clocks: {
    fault: 'clocks an hour apart',
    promise: 'no effect: locks are timed by Redis',
    async run(stage) {
      await stage.start(3600);
      await stage.start(-3600);
      const submission = await stage.submit(30);
      return {
        submission,
        faults: await repeat(2, async (i) => {
          await someDone(stage, 5 * (i + 1));
          kill(stage.workers.shift()!);
          await stage.start(i === 0 ? 3600 : -3600);
        }),
      };
    },
  },
  task: {
    fault: 'kill -9 of a worker that prepares parts of a data set',
    promise: 'its parts are continued by others, the output is that of a local run',
    run: prepareKilled,
  },
  containers: {
    fault: 'workers that are both process 1 of their container, one killed',
    promise:
      'temporary files of one are not taken for those of the other, and those of the killed one are removed with its job',
    async run(stage) {
      const contained = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
      await stage.start(0, contained);
      await stage.start(0, contained);
      const submission = await stage.submit(30);
      return {
        submission,
        faults: await repeat(3, async (i) => {
          await someDone(stage, 4 * (i + 1));
          kill(stage.workers.shift()!);
          await stage.start(0, contained);
        }),
      };
    },
  },
};

/** Prepares pictures over the queue while workers are killed, and compares with a local run. */
async function prepareKilled(stage: Stage): Promise<{ faults: number; wrong: string[] }> {
  const data = join(stage.folder, 'pictures');
  await writeStriped(data, { training: 36, test: 0 });
  const names = { queued: join(stage.folder, 'queued'), local: join(stage.folder, 'local') };
  const prepare = { geometry: { ...DEFAULT_CROP, size: 16 }, framesPerSecond: null, noFace: 'whole' } as const;
  await stage.start();
  const task = {
    name: 'prepare',
    ...{ path: names.queued, title: 'prepare' },
    settings: { data: `manifest:${data}`, read: {}, output: names.queued, prepare, features: null, samplesPerJob: 6 },
  } as const;
  const { id } = await submitTask(stage.archive, task);
  const faults = await repeat(4, async (i) => {
    await someDone(stage, i);
    await delay(2 * SECOND);
    kill(stage.workers.shift()!);
    await stage.start();
  });
  const submission = { jobs: [[id, 'prepare']], submitted: { added: 1, known: 0 } } as const;
  const wrong = (await endOf(stage.archive, submission)).flatMap((one) => ('failure' in one ? [one.failure] : []));
  if (wrong.length > 0) return { faults, wrong };
  await openBackend({ backend: 'wasm' });
  await prepareDataset(await openDataset(`manifest:${data}`), names.local, prepare);
  for (const name of ['prepared.json', 'samples.jsonl', 'crops.bin']) {
    const [queued, local] = await Promise.all([readFile(join(names.queued, name)), readFile(join(names.local, name))]);
    if (!queued.equals(local)) wrong.push(`${name} is not that of a local run`);
  }
  return { faults, wrong };
}

async function stageFor(folder: string): Promise<Stage> {
  const redis = await TestRedis.start(folder);
  const archive = await openQueue(redis.address, () => undefined);
  const workers: ChildProcess[] = [];
  const outputDir = join(folder, 'out');
  return {
    folder,
    redis,
    archive,
    workers,
    outputDir,
    start: async (skew = 0, prefix = []) => {
      const [program, ...args] = [...prefix, process.execPath, '--import', TSX, WORKER, redis.address, String(skew)];
      const worker = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      workers.push(worker);
      await once(worker.stdout, 'data');
      worker.stdout.resume();
      return worker;
    },
    submit: async (count) =>
      submitPaths(archive, await stubRun(outputDir), await writeInputs(join(folder, 'in'), namesOf(count))),
  };
}

function namesOf(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `clip${i}`);
}

async function repeat(times: number, fault: (i: number) => Promise<void>): Promise<number> {
  for (let i = 0; i < times; i += 1) await fault(i);
  return times;
}

async function someDone({ archive }: Stage, count: number): Promise<void> {
  while ((await archive.queue.getJobCountByTypes('completed')) < count) await delay(50);
}

function kill(child: ChildProcess): void {
  child.kill('SIGKILL');
}

async function childOf(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const first = text.trim().split(' ')[0];
  return first === undefined || first === '' ? null : Number(first);
}

/** What is wrong with the results; nothing for a good end. */
async function problems({ outputDir, archive }: Stage, submission: TestSubmission): Promise<string[]> {
  const found: string[] = [];
  for (const ended of await endOf(archive, submission)) if ('failure' in ended) found.push(ended.failure);
  const names = await readdir(outputDir);
  for (const [, input] of submission.jobs) {
    const path = join(outputDir, input.replace(/.*\/(.*)\.mp4/, '$1.jsonl'));
    let frames = 0;
    try {
      for await (const line of readAnnotation(path)) if (line.type === 'frame') frames += 1;
    } catch (error) {
      found.push((error as Error).message);
    }
    if (frames !== FRAMES) found.push(`${path}: ${frames} frames`);
  }
  const whole = names.filter((name) => /\.(jsonl|csv)$/.test(name) && !name.startsWith('.')).length;
  if (whole !== 2 * submission.jobs.length) found.push(`${whole} outputs for ${submission.jobs.length} inputs`);
  const left = names.filter((name) => name.includes('.tmp-')).length;
  if (left > 0) found.push(`${left} temporary files left`);
  return found;
}

const wanted = process.argv.slice(2);
let total = 0;
console.log('| fault | injected | promise | seen |\n| --- | --- | --- | --- |');
for (const [name, scenario] of Object.entries(SCENARIOS)) {
  const { fault, promise } = scenario;
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const folder = await mkdtemp(join(tmpdir(), 'ferstream-faults-'));
  const stage = await stageFor(folder);
  let seen: string;
  let faults = 0;
  try {
    const done = await scenario.run(stage);
    faults = done.faults;
    const wrong = 'wrong' in done ? done.wrong : await problems(stage, done.submission);
    seen =
      wrong.length === 0
        ? 'wrong' in done
          ? 'output equal'
          : `all ${done.submission.jobs.length} inputs done, outputs whole`
        : `WRONG: ${wrong.slice(0, 3).join('; ')}`;
    if (wrong.length > 0) process.exitCode = 1;
  } catch (error) {
    seen = (error as Error).message;
    if (!seen.startsWith('skipped')) process.exitCode = 1;
  }
  total += faults;
  console.log(`| ${fault} | ${faults} | ${promise} | ${seen} |`);
  for (const worker of stage.workers) kill(worker);
  await stage.archive.close();
  await stage.redis.kill();
  spawnSync('umount', [stage.outputDir]);
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
console.log(`\n${total} faults`);
