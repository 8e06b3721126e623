import { dirname, join } from 'node:path';
import type { BackendName } from '../../model/engines/backend.js';
import type { TaskCall } from '../queue/archive-job.js';
import { requireVersion } from '../tasks/task.js';
import type { Task, TaskContext } from '../tasks/task.js';
import type { TaskWork, WorkResult } from './work-process.js';

/** Does one step of a task. @throws FerError */
export async function runTask(
  { step, job, input, parts = [] }: TaskWork,
  backend: string | undefined,
  signal: AbortSignal,
): Promise<WorkResult> {
  requireVersion(job.run);
  const began = performance.now();
  const { name, settings: given } = job.task!;
  const task = await TASKS[name]();
  const settings = task.settings.parse(given);
  const context: TaskContext = {
    folder: join(dirname(job.path), `.ferstream-${input}`),
    backend: backend as BackendName | undefined,
    signal,
  };
  const finished = (outputs: readonly string[], note: string | null): WorkResult => {
    const seconds = (performance.now() - began) / 1000;
    const degraded = note !== null;
    return { type: 'finished', result: { state: 'done', frames: 0, degraded, note, outputs, seconds } };
  };
  switch (step) {
    case 'split': {
      const split = await task.split(settings, context);
      return { type: 'split', parts: split.map((part, i) => ({ index: String(i), ...part })) };
    }
    case 'part':
      await task.run(settings, task.part.parse(job.part!.value), context);
      return finished([], null);
    case 'merge-parts': {
      const values = parts.map(({ value }) => task.part.parse(value));
      const { outputs, note } = await task.merge(settings, values, context);
      return finished(outputs, note);
    }
  }
}

type AnyTask = Task<unknown, unknown>;

/** Loaded when needed: most workers only annotate. */
const TASKS: Record<TaskCall['name'], () => Promise<AnyTask>> = {
  experiment: async () => (await import('../tasks/experiment-task.js')).experimentTask,
  prepare: async () => (await import('../tasks/prepare-task.js')).prepareTask,
  evaluate: async () => (await import('../tasks/evaluate-task.js')).evaluateTask,
};
