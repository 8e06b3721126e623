import { createHash } from 'node:crypto';
import { z } from 'zod';
import { FerError } from '../../errors/fer-error.js';

/** Name of the BullMQ queue, and what all its Redis keys begin with. */
export const QUEUE_NAME = 'archive';
export const KEY_PREFIX = 'ferstream';

/** Common data of all jobs of one submission, stored once under `runKey`. */
export const runSchema = z.object({
  /** Version of ferstream that submitted. */
  ferstream: z.string(),
  /** Complete settings of `fer annotate`, without the engine. */
  settings: z.record(z.string(), z.unknown()),
  formats: z.array(z.string()),
  /** Absolute path, or s3://bucket/prefix. */
  outputDir: z.string(),
  /** From `resultHash`: workers with another model or version refuse. */
  resultHash: z.string(),
  /** Longest segment in seconds; null annotates every input in one piece. */
  segmentSeconds: z.number().positive().nullable(),
  /** Set to annotate finished inputs again: different for every submission. */
  force: z.string().nullable(),
});
export type ArchiveRun = z.infer<typeof runSchema>;

/** A part of an input, with the frames around it that its first and last frames depend on. Seconds of presentation time. */
const segmentSchema = z.object({
  index: z.string(),
  /** Decoding starts here; null: at the beginning. */
  from: z.number().nullable(),
  /** Frames with start <= t < end are the segment's; null is open. */
  start: z.number().nullable(),
  end: z.number().nullable(),
  /** Decoding stops here; null: at the end. */
  until: z.number().nullable(),
});
export type Segment = z.infer<typeof segmentSchema>;

/** Work other than annotation that workers share. */
const taskSchema = z.object({ name: z.enum(['experiment', 'prepare', 'evaluate']), settings: z.unknown() });
export type TaskCall = z.infer<typeof taskSchema>;

/** A part of a task, which any worker can do. */
const partSchema = z.object({
  index: z.string(),
  /** For people. */
  name: z.string(),
  value: z.unknown(),
});
export type Part = z.infer<typeof partSchema>;

export const archiveJobSchema = z.object({
  /** Hash of the run, see `runHash`; of a task the version of ferstream. */
  run: z.string(),
  kind: z.enum(['file', 'images', 'url', 'task']),
  /** Absolute path or address. */
  path: z.string(),
  /** As the user named it. */
  name: z.string(),
  /** Path of the outputs below the output folder, without the ending. */
  output: z.string(),
  /** Processes that ended while working on this job. */
  losses: z.number().optional(),
  /** Workers lost with this job before it was last retried: they count no longer. */
  stallsForgiven: z.number().optional(),
  /** From `identifyInput`, once known: segments do not read the whole input again. */
  hash: z.string().nullable().optional(),
  /** The processes that took the job, of `temporaryOwner`, the last one last: it removes what the others left. */
  owners: z.array(z.string()).optional(),
  /** Segments of a divided input. */
  segments: z.array(segmentSchema).optional(),
  /** Set by a retry: failed segments run again. */
  again: z.boolean().optional(),
  /** Jobs of segments only. */
  segment: segmentSchema.optional(),
  /** For a segment or part: job id of the input or task. */
  input: z.string().optional(),
  /** Jobs of kind "task" only: `path` is what it writes. */
  task: taskSchema.optional(),
  /** Of a divided task. */
  parts: z.array(partSchema).optional(),
  /** Jobs of parts only. */
  part: partSchema.optional(),
});
export type ArchiveJob = z.infer<typeof archiveJobSchema>;

/** Result of a finished job in the queue. */
export interface ArchiveResult {
  readonly state: 'done' | 'skipped';
  readonly frames: number;
  readonly degraded: boolean;
  readonly note: string | null;
  readonly outputs: readonly string[];
  readonly seconds: number;
}

export function runHash(run: ArchiveRun): string {
  return digest(JSON.stringify(runSchema.parse(run))).slice(0, 16);
}

export function runKey(hash: string): string {
  return `${KEY_PREFIX}:run:${hash}`;
}

/**
 * The same input in the same state with the same run has the same id: submitting it again changes nothing.
 * @param version what changes with the content: size and modification time, ETag
 */
export function jobId({ run, path, output }: Pick<ArchiveJob, 'run' | 'path' | 'output'>, version: string): string {
  return `f${digest(JSON.stringify([run, path, output, version])).slice(0, 24)}`;
}

/** @throws FerError INTERNAL for a job that this version does not understand */
export function parseJob(data: unknown): ArchiveJob {
  const parsed = archiveJobSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  throw new FerError(
    'INTERNAL',
    'the queue contains a job of another version of ferstream: purge it, then submit again',
  );
}

export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
