import { z } from 'zod';
import { VERSION } from '../../version.js';
import { FerError } from '../../errors/fer-error.js';
import type { BackendName } from '../../model/engines/backend.js';

export interface TaskContext {
  /** Where parts wait for the merge, the same for every worker; a part that writes there creates it. */
  readonly folder: string;
  readonly backend: BackendName | undefined;
  readonly signal: AbortSignal;
}

/** What a task has written. */
export interface Merged {
  readonly outputs: readonly string[];
  /** What is wrong with the result; null for a whole one. */
  readonly note: string | null;
}

/** Part of a task before it has a number. */
export interface TaskPart<P> {
  readonly name: string;
  readonly value: P;
}

/**
 * Work that is split into parts, which run on any worker, and merged into what a run on one machine writes. Every step may run more than
 * once: a step that is done already changes nothing.
 */
export interface Task<S, P> {
  readonly settings: z.ZodType<S>;
  readonly part: z.ZodType<P>;
  split(settings: S, context: TaskContext): Promise<readonly TaskPart<P>[]>;
  run(settings: S, part: P, context: TaskContext): Promise<void>;
  /** @param parts all of them, in the order of `split` */
  merge(settings: S, parts: readonly P[], context: TaskContext): Promise<Merged>;
}

/** Half-open. */
export const rangeSchema = z.tuple([z.number(), z.number()]);

/** Stretches of samples that are `size` each. @param name of the task */
export function sampleRanges(name: string, count: number, size: number): TaskPart<[number, number]>[] {
  return Array.from({ length: Math.ceil(count / size) }, (_, i) => {
    const [first, end] = [i * size, Math.min(count, (i + 1) * size)];
    return { name: `${name}, samples ${first + 1} to ${end}`, value: [first, end] };
  });
}

/** @throws FerError MODEL_INCOMPATIBLE */
export function requireVersion(version: string): void {
  if (version === VERSION) return;
  throw new FerError(
    'MODEL_INCOMPATIBLE',
    `submitted by ferstream ${version}, but this worker is ${VERSION}; use the same version everywhere`,
  );
}
