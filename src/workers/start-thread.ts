import { Worker } from 'node:worker_threads';
import type { WorkerOptions } from 'node:worker_threads';

/**
 * A thread that runs a module of ours: compiled, or, where that is what this process runs itself (tests, development), its TypeScript source,
 * for which the thread needs a loader of its own: those of the process do not reach it on Node 20.
 */
export function startThread(module: URL, options: Pick<WorkerOptions, 'workerData' | 'name'>): Worker {
  // Flags of this process, such as a loader, are not the thread's.
  const settings: WorkerOptions = { ...options, execArgv: [] };
  if (!module.pathname.endsWith('.ts')) return new Worker(module, settings);
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  return new Worker(
    `import(${loader}).then(({ register }) => { register(); return import(${JSON.stringify(module.href)}); })`,
    { ...settings, eval: true },
  );
}
