import { resolve } from 'node:path';
import type { Job } from 'bullmq';
import { VERSION } from '../../version.js';
import { digest } from './archive-job.js';
import type { ArchiveJob, TaskCall } from './archive-job.js';
import type { ArchiveQueue } from './redis-connection.js';
import { BEGUN, DEFAULT_PRIORITY, RETRY } from './submit.js';

/** A task on its way into the queue. All paths are absolute: workers have working folders of their own. */
export interface TaskSubmission extends TaskCall {
  /** What it writes: a folder or a file. */
  readonly path: string;
  /** For people. */
  readonly title: string;
}

/** The job of a task, which a worker splits into parts. A task that runs is not submitted twice; one that has ended starts again. */
export async function submitTask(
  { queue }: ArchiveQueue,
  { name, path, title, settings }: TaskSubmission,
): Promise<{ readonly id: string; readonly isNew: boolean }> {
  const id = `t${digest(JSON.stringify([VERSION, name, path, settings])).slice(0, 24)}`;
  const before = (await queue.getJob(id)) as Job | undefined;
  const state = await before?.getState();
  if (before !== undefined && state !== 'completed' && state !== 'failed') return { id, isNew: false };
  await before?.remove({ removeChildren: true });
  const data: ArchiveJob = { run: VERSION, kind: 'task', path, name: title, output: '', task: { name, settings } };
  await queue.add('task', data, { jobId: id, priority: BEGUN + DEFAULT_PRIORITY, ...RETRY });
  return { id, isNew: true };
}

/** FORMAT:DIR with an absolute path. */
export function absoluteData(location: string): string {
  const at = location.indexOf(':') + 1;
  return location.slice(0, at) + resolve(location.slice(at));
}
