import type { Command } from 'commander';
import type { ArchiveQueue } from '../archive/queue/redis-connection.js';
import type { QueueStatus } from '../archive/queue/queue-admin.js';
import { FerError, printable } from '../errors/fer-error.js';
import { queueOption, warn, writeLine } from './options.js';
import { formatDuration, textTable } from './progress.js';

interface QueueFlags {
  readonly queue: string;
}

export function queueCommand(program: Command): void {
  const queue = program
    .command('queue')
    .summary('show, retry or clear a queue')
    .description('Shows and repairs the queue that commands with --queue submit to.');
  queue
    .command('status')
    .description('Counts, rate, time left, and failed inputs with their reasons.')
    .addOption(queueOption())
    .option('--json', 'as JSON')
    .action(async ({ queue: address, json = false }: QueueFlags & { json?: boolean }) => {
      const { queueStatus } = await import('../archive/queue/queue-admin.js');
      await withQueue(address, async (archive) => {
        const status = await queueStatus(archive);
        writeLine(json ? JSON.stringify(status, null, 2) : statusLines(status).join('\n'));
      });
    });
  queue
    .command('retry')
    .description('Retries failed inputs.')
    .argument('[id...]', 'ids of failed jobs; the id of a segment or part retries its input or task (default: all)')
    .addOption(queueOption())
    .action(async (ids: string[], { queue: address }: QueueFlags) => {
      const { retryFailed } = await import('../archive/queue/queue-admin.js');
      await withQueue(address, async ({ queue: jobs }) => {
        writeLine(`retried: ${await retryFailed(jobs, ids)}`);
      });
    });
  queue
    .command('drain')
    .description('Removes inputs and tasks that have not started; running and divided ones finish.')
    .addOption(queueOption())
    .action(async ({ queue: address }: QueueFlags) => {
      const { drainQueue } = await import('../archive/queue/queue-admin.js');
      await withQueue(address, async ({ queue: jobs }) => {
        writeLine(`removed: ${await drainQueue(jobs)}`);
      });
    });
  queue
    .command('purge')
    .description(
      'Removes finished inputs from the queue, not their results; submitted again, they are checked and skipped.',
    )
    .addOption(queueOption())
    .option('--failed', 'remove failed inputs instead')
    .option('--all', 'remove everything, including waiting and running jobs')
    .action(
      async ({ queue: address, failed = false, all = false }: QueueFlags & { failed?: boolean; all?: boolean }) => {
        if (failed && all) throw new FerError('USAGE', 'give either --failed or --all');
        const { purgeQueue } = await import('../archive/queue/queue-admin.js');
        await withQueue(address, async (archive) => {
          const removed = await purgeQueue(archive, all ? 'all' : failed ? 'failed' : 'completed');
          writeLine(`removed: ${removed}`);
        });
      },
    );
}

async function withQueue(address: string, use: (archive: ArchiveQueue) => Promise<void>): Promise<void> {
  const { openQueue } = await import('../archive/queue/redis-connection.js');
  const archive = await openQueue(address, warn);
  try {
    await use(archive);
  } finally {
    await archive.close();
  }
}

function statusLines(status: QueueStatus): string[] {
  const { perMinute, secondsLeft, memoryBytes } = status;
  const rows = [
    ['waiting', String(status.waiting)],
    ['running', String(status.active)],
    ['waiting for a retry', String(status.delayed)],
    ['divided, waiting for segments', String(status.divided)],
    ['done', String(status.completed)],
    ['failed', String(status.failed)],
    ['workers', String(status.workers)],
    ['rate', perMinute === null ? 'not known yet' : `${perMinute.toFixed(1)} jobs a minute`],
    ['time left', secondsLeft === null ? 'not known yet' : formatDuration(secondsLeft)],
    ['memory of the queue', memoryBytes === null ? 'not known' : `${(memoryBytes / 1e6).toFixed(1)} MB`],
  ];
  const lines = textTable(['', ''], rows).slice(1);
  if (status.failures.length === 0) return lines;
  const failures = status.failures.map(({ id, input, reason }) => [id, printable(input), printable(reason)]);
  const more = status.failed - failures.length;
  return [
    ...lines,
    '',
    ...textTable(['failed job', 'input', 'reason'], failures),
    ...(more > 0 ? [`and ${more} more`] : []),
    '',
    'fer queue retry does them again',
  ];
}
