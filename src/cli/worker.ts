import { availableParallelism } from 'node:os';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import type { ArchiveQueue } from '../archive/queue/redis-connection.js';
import type { WorkerEvent } from '../archive/worker/worker-event.js';
import type { WorkerMonitor } from '../archive/worker/worker-monitor.js';
import { printable } from '../errors/fer-error.js';
import { availableMemory } from '../workers/worker-pool.js';
import { EXIT, interruptSignal } from './exit.js';
import { backendOption, number, queueOption, warn, wholeNumber } from './options.js';

export function workerCommand(program: Command): void {
  program
    .command('worker')
    .summary('work on inputs and tasks from a queue')
    .description(
      'Takes jobs that commands with --queue submit, until it is stopped. Start as many as you like, on any machine that sees the inputs and outputs.',
    )
    .addOption(queueOption())
    .option('--concurrency <n>', 'inputs at a time (default: as many as memory and cores allow)', wholeNumber(1))
    .addOption(backendOption({ trains: false }))
    .option(
      '--drain-timeout <seconds>',
      'on SIGTERM, time for running jobs to finish before they return to the queue',
      drainSeconds,
      300,
    )
    .option(
      '--metrics-port <port>',
      'serve /metrics for Prometheus, a status page and /healthz',
      wholeNumber(1, 65_535),
    )
    .option('--json', 'one JSON line for each event')
    .addHelpText('after', '\nExample:\n  fer worker --queue redis://queue.example.org:6379')
    .action(async (flags: WorkerFlags) => {
      process.exitCode = await runWorker(flags);
    });
}

/** Seconds that a timer can wait. */
const LONGEST_DRAIN = 2_147_483;

function drainSeconds(text: string): number {
  const seconds = number(text);
  if (seconds >= 0 && seconds <= LONGEST_DRAIN) return seconds;
  throw new InvalidArgumentError(`Give seconds from 0 to ${LONGEST_DRAIN}.`);
}

interface WorkerFlags {
  readonly queue: string;
  readonly concurrency?: number;
  readonly backend?: string;
  readonly drainTimeout: number;
  readonly metricsPort?: number;
  readonly json?: boolean;
}

async function runWorker(flags: WorkerFlags): Promise<number> {
  const { openQueue } = await import('../archive/queue/redis-connection.js');
  const { ArchiveWorker } = await import('../archive/worker/archive-worker.js');
  const signal = interruptSignal();
  const archive = await openQueue(flags.queue, warn);
  let monitor: WorkerMonitor | null = null;
  // An open connection to Redis or an open port would keep the process alive.
  try {
    monitor = await startMonitor(archive, flags.metricsPort);
    const worker = await ArchiveWorker.start(archive, flags.queue, {
      concurrency: flags.concurrency ?? capacity(),
      backend: flags.backend,
      onEvent: (event) => {
        monitor?.take(event);
        const text =
          flags.json === true ? JSON.stringify({ time: new Date().toISOString(), ...event }) : describe(event);
        process.stdout.write(`${printable(text)}\n`);
      },
    });
    await new Promise<void>((stop) => {
      if (signal.aborted) stop();
      signal.addEventListener('abort', () => {
        stop();
      });
    });
    await worker.close(flags.drainTimeout * 1000);
  } finally {
    monitor?.close();
    await archive.close();
  }
  return EXIT.ok;
}

async function startMonitor(archive: ArchiveQueue, port: number | undefined): Promise<WorkerMonitor | null> {
  if (port === undefined) return null;
  const { WorkerMonitor: Monitor } = await import('../archive/worker/worker-monitor.js');
  const monitor = new Monitor(archive);
  await monitor.listen(port);
  return monitor;
}

function describe(event: WorkerEvent): string {
  switch (event.event) {
    case 'started':
      return `worker ready: ${event.concurrency} ${event.concurrency === 1 ? 'input' : 'inputs'} at a time`;
    case 'job-started':
      return `${event.step} ${event.input}`;
    case 'job-done':
      return `done ${event.input}: ${event.frames > 0 ? `${event.frames} frames in ` : ''}${event.seconds.toFixed(1)} s`;
    case 'job-divided':
      return `${event.input}: divided into ${event.parts} parts`;
    case 'job-failed':
      return `${event.final ? 'failed' : 'failed, will be retried'}: ${event.reason}`;
    case 'job-returned':
      return `returned to the queue: ${event.input}`;
    case 'job-lost':
      return `job ${event.id} lost its worker; it runs again`;
    case 'queue-away':
      return `no answer from the queue (${event.reason}); waiting`;
    case 'queue-back':
      return 'the queue is back';
    case 'draining':
      return `stopping: ${event.running} running`;
    case 'stopped':
      return 'stopped';
  }
}

/** Bytes that one process takes: networks, frames in flight, engine. Measured: docs/archives.md. */
const BYTES_PER_PROCESS = 1.2e9;
/** Cores that one process keeps busy. */
const CORES_PER_PROCESS = 1;

/** Processes that memory and cores allow, at least one. */
function capacity(): number {
  const [cores, bytes] = [availableParallelism(), availableMemory()];
  return Math.max(1, Math.min(Math.floor(cores / CORES_PER_PROCESS), Math.floor(bytes / BYTES_PER_PROCESS)));
}
