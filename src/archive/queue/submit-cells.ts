import { createHash } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { FerError } from '../../errors/fer-error.js';
import { layOut } from '../../train/workflows/experiment/grid.js';
import type { Grid } from '../../train/workflows/experiment/grid.js';
import { VERSION } from '../../version.js';
import type { ArchiveJob } from './archive-job.js';
import type { ArchiveQueue } from './redis-connection.js';
import { BEGUN, DEFAULT_PRIORITY, RETRY } from './submit.js';
import type { Submitted } from './submit.js';

/**
 * Puts the runs of an experiment into the queue: a run is a job; runs that share a start are one, which trains the start first.
 * @param folder absolute path of the output folder, the same for every worker
 * @param onJob gets every job, also those that were in the queue already
 * @throws FerError CONFIG_INVALID for a grid that workers cannot run
 */
export async function submitCells(
  { queue, redis }: ArchiveQueue,
  grid: Grid,
  folder: string,
  onJob: (id: string, name: string) => Promise<void> | void = () => undefined,
): Promise<Submitted> {
  const jobs = layOut(grid).flatMap(({ start, cells }) => (start === null ? cells.map((cell) => [cell]) : [cells]));
  let added = 0;
  for (const cells of jobs) {
    for (const { config } of cells) requireAbsolute(config.data);
    const folders = cells.map((cell) => cell.folder);
    const data: ArchiveJob = { run: VERSION, kind: 'cells', path: folder, name: folders.join(', '), output: '', grid, cells: folders }; // prettier-ignore
    const settings = JSON.stringify([VERSION, folder, grid.start, grid.test, cells.map(({ config }) => config)]);
    const id = `c${createHash('sha256').update(settings).digest('hex').slice(0, 24)}`;
    if ((await redis.exists(queue.toKey(id))) === 0) {
      await queue.add('cells', data, { jobId: id, priority: BEGUN + DEFAULT_PRIORITY, ...RETRY });
      added += 1;
    }
    await onJob(id, data.name);
  }
  return { added, known: jobs.length - added };
}

/** Workers have working folders of their own. */
function requireAbsolute(data: string): void {
  const path = data.slice(data.indexOf(':') + 1);
  if (isAbsolute(path)) return;
  throw new FerError(
    'CONFIG_INVALID',
    `${data}: a queue needs the absolute path of the data, the same on every worker`,
  );
}
