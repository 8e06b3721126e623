import { dirname, join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { FerError } from '../../errors/fer-error.js';
import type { FrameSource, Input } from '../../ingest/sources/frame-source.js';
import { imageFiles } from '../../ingest/sources/image-source.js';
import { makeFolder } from '../../files/write-error.js';
import { identifyModel } from '../../model/heads/open-model.js';
import { VERSION } from '../../version.js';
import {
  findDoneRecord,
  foreignOutput,
  journalPath,
  markOutputs,
  otherOwner,
  publishDone,
  settingsHash,
  writeDoneRecord,
} from '../output/done-record.js';
import type { DoneRecord } from '../output/done-record.js';
import type { RemoteFolder } from '../output/remote-folder.js';
import { baselineWriters } from '../output/baseline-writers.js';
import { openWriters, outputFormat } from '../output/formats.js';
import { streamWriter } from '../output/jsonl.js';
import type { OutputContext, OutputWriters } from '../results/output-format.js';
import type { RunMetadata, RunOutcome } from '../results/annotation-schema.js';
import type { AnnotateSettings } from '../pipeline/pipeline-settings.js';
import type { Annotator } from './annotator.js';
import { WorkJournal } from './work-journal.js';

/** One input and where its results go. */
export interface InputJob {
  readonly input: Input;
  /** Hash from `identifyInput`. */
  readonly hash: string | null;
  readonly outputDir: string;
  /** Takes complete results of `outputDir`, stored in its local folder. */
  readonly remote?: RemoteFolder | null;
  /** Output base name. */
  readonly name: string;
  /** Names of OUTPUT_FORMATS. */
  readonly formats: readonly string[];
  /** Hash from `resultHash`. */
  readonly settingsHash: string;
  /** Writes JSONL here instead of files. */
  readonly stream?: Writable | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The input, if `openInput` has begun to open it. */
  readonly opening?: Promise<FrameSource> | undefined;
}

/** Events of one input. */
export type InputEvent =
  | {
      readonly type: 'started';
      readonly input: string;
      readonly position: number;
      readonly expectedFrames: number | null;
      /** An interrupted run of the same work resumes. */
      readonly resumed: boolean;
    }
  | { readonly type: 'progress'; readonly input: string; readonly frames: number; readonly timestamp: number }
  | {
      readonly type: 'done';
      readonly input: string;
      readonly outputs: readonly string[];
      readonly outcome: RunOutcome;
      readonly seconds: number;
    }
  | {
      readonly type: 'skipped';
      readonly input: string;
      readonly outputs: readonly string[];
      readonly outcome: RunOutcome;
    }
  | {
      readonly type: 'interrupted';
      readonly input: string;
      /** The same work resumes within the input; false for one that starts again. */
      readonly isKept: boolean;
    };

/**
 * Hash of everything but the input that decides on the results: settings, content of the model folder, formats, version.
 * @throws FerError MODEL_*
 */
export async function resultHash(settings: AnnotateSettings, formats: readonly string[]): Promise<string> {
  const { backend: _, workers: __, ...decisive } = settings;
  // The content of a model folder counts, not its path.
  const model = await identifyModel(settings.model);
  return settingsHash({ ...decisive, model, formats: [...formats].sort(), ferstream: VERSION });
}

/**
 * What an earlier run with the same content and settings left, or null.
 * @throws FerError OUTPUT_UNWRITABLE when the name is taken by the results of another input, or by files of others
 */
export async function findFinished(job: InputJob): Promise<(InputEvent & { readonly type: 'skipped' }) | null> {
  const { outputDir, name, input, hash, remote = null } = job;
  const done =
    (await findDoneRecord(outputDir, name, hash, job.settingsHash, remote)) ??
    (remote === null ? null : await publishUnsent(job, remote));
  if (done !== null) {
    const outputs = outputPlaces(
      job,
      done.outputs.map(({ path }) => path),
    );
    return { type: 'skipped', input: input.name, outputs, outcome: done.outcome };
  }
  const owner = await otherOwner(outputDir, name, inputAddress(input), hash, remote);
  if (owner !== null)
    throw new FerError(
      'OUTPUT_UNWRITABLE',
      `${input.name}: ${join(outputDir, name)} contains the results of ${owner}; give another --output-dir, or --force to replace them`,
    );
  if (remote === null) await refuseForeign(outputDir, name, job.formats, input.name);
  return null;
}

/**
 * Refuses to replace files of others.
 * @param of named in the refusal
 * @throws FerError OUTPUT_UNWRITABLE
 */
export async function refuseForeign(dir: string, name: string, formats: readonly string[], of: string): Promise<void> {
  const endings = formats.map((format) => outputFormat(format).ending);
  const foreign = await foreignOutput(dir, name, endings);
  if (foreign === null) return;
  throw new FerError(
    'OUTPUT_UNWRITABLE',
    `${of}: ${foreign} exists, and fer did not write it; give another --output-dir, or --force to replace it`,
  );
}

/** Uploads what an earlier run finished but could not upload. */
async function publishUnsent(job: InputJob, remote: RemoteFolder): Promise<DoneRecord | null> {
  const { outputDir, name } = job;
  const done = await findDoneRecord(outputDir, name, job.hash, job.settingsHash);
  if (done !== null) await publishDone(outputDir, name, done, remote, job.signal);
  return done;
}

/** Where a reader finds the outputs. */
export function outputPlaces({ remote = null }: InputJob, paths: readonly string[]): readonly string[] {
  return remote === null ? paths : paths.map((path) => remote.addressOf(path));
}

/**
 * Annotates one input into files (or the stream), and remembers that it is done. The outputs appear complete or not at all.
 * @throws FerError INPUT_*, OUTPUT_UNWRITABLE, MODEL_BROKEN, FFMPEG_*
 */
export async function* annotateInput(
  annotator: Pick<Annotator, 'settings' | 'annotate'>,
  job: InputJob,
  position = 1,
): AsyncGenerator<InputEvent, void, undefined> {
  const { signal, stream } = job;
  const input = job.input.name;
  const isStopped = (): boolean => signal?.aborted === true;
  const began = performance.now();
  let journal: WorkJournal | null = null;
  const journalOf = async (metadata: RunMetadata): Promise<WorkJournal | null> =>
    (journal = await openJournal(job, metadata));
  const annotation = await annotator.annotate(job.input, job.hash, journalOf, undefined, job.opening);
  // Assigned in the callback.
  const kept = journal as WorkJournal | null;
  const { expectedFrames } = annotation.metadata.input;
  let writers: OutputWriters | null = null;
  let outcome: RunOutcome | null = null;
  let isUseless = false;
  try {
    yield { type: 'started', input, position, expectedFrames, resumed: kept !== null && kept.known > 0 };
    writers = await openOutputs(job, annotation.metadata, annotator.settings);
    let frames = 0;
    for await (const result of untilAborted(annotation, signal)) {
      await writers.write(result);
      frames += 1;
      yield { type: 'progress', input, frames, timestamp: result.timestamp };
    }
    if (!isStopped()) {
      const { degraded, note } = annotation.report();
      const prior = annotator.settings.prior === 'auto' ? annotation.prior : null;
      const reached = { frames, degraded, note, ...(prior && { prior }) };
      if (stream === undefined) await markOutputs(job.outputDir, job.name, writers.paths);
      await writers.finish(reached);
      outcome = reached;
    }
  } catch (error) {
    isUseless = !isStopped() && isFinal(error);
    throw error;
  } finally {
    // Also when the caller leaves its loop over the events.
    if (outcome === null) {
      await writers?.abort();
      await (isUseless ? kept?.remove() : kept?.close());
    }
  }
  if (outcome === null) {
    yield { type: 'interrupted', input, isKept: kept !== null };
    return;
  }
  await kept?.remove();
  if (stream === undefined) await recordDone(job, writers.paths, outcome);
  const outputs = outputPlaces(job, writers.paths);
  yield { type: 'done', input, outputs, outcome, seconds: (performance.now() - began) / 1000 };
}

/** Ends early when the signal is aborted, also while no result comes. */
async function* untilAborted<T>(results: AsyncIterable<T>, signal: AbortSignal | undefined): AsyncGenerator<T> {
  const iterator = results[Symbol.asyncIterator]();
  const isStopped = (): boolean => signal?.aborted === true;
  const leave = (): void => {
    iterator.return?.().catch(() => undefined);
  };
  signal?.addEventListener('abort', leave, { once: true });
  try {
    while (!isStopped()) {
      const next = await iterator.next();
      // What comes after the signal is dropped.
      if (next.done === true || isStopped()) return;
      yield next.value;
    }
  } finally {
    signal?.removeEventListener('abort', leave);
    await iterator.return?.();
  }
}

/** Whether another attempt would end in the same way. After a full disk or a lost connection, the next one resumes. */
function isFinal(error: unknown): boolean {
  return error instanceof FerError && error.code !== 'INPUT_STALLED' && /^(INPUT|MODEL)_/.test(error.code);
}

/** The journal of an input whose work can be resumed: one that can be read again, annotated into files. */
async function openJournal(
  { hash, input, outputDir, name, stream }: InputJob,
  metadata: RunMetadata,
): Promise<WorkJournal | null> {
  if (hash === null || input.kind === 'stdin' || stream !== undefined) return null;
  const path = journalPath(outputDir, name);
  try {
    await makeFolder(dirname(path));
  } catch {
    // The writers say what is wrong with the folder.
    return null;
  }
  return WorkJournal.open(path, settingsHash({ ...metadata }));
}

/** Records that an input is done, and uploads its outputs if needed; call it when they are in place. */
export async function recordDone(job: InputJob, outputs: readonly string[], outcome: RunOutcome): Promise<void> {
  const { outputDir, name, remote = null } = job;
  await writeDoneRecord(outputDir, name, {
    input: inputAddress(job.input),
    inputHash: job.hash,
    settingsHash: job.settingsHash,
    outputs,
    outcome,
  });
  if (remote === null) return;
  const written = outputs.map((path) => ({ path, bytes: 0 }));
  await publishDone(outputDir, name, { outputs: written }, remote, job.signal);
}

export async function openOutputs(
  job: InputJob,
  metadata: RunMetadata,
  settings: Pick<AnnotateSettings, 'start' | 'end' | 'width' | 'baseline'>,
): Promise<OutputWriters> {
  const { outputDir, name, formats, stream, signal } = job;
  return baselineWriters(settings.baseline, async () =>
    stream === undefined
      ? openWriters(formats, outputDir, name, metadata, await outputContext(job, settings))
      : streamWriter(stream, metadata, signal),
  );
}

/** Absolute, so that it does not depend on the working directory. */
function inputAddress({ kind, path }: Input): string {
  return kind === 'file' || kind === 'images' ? resolve(path) : path;
}

/** Context for writers, such as the footage for the overlay. */
async function outputContext(
  { input, remote = null, signal }: InputJob,
  { start, end, width }: Pick<AnnotateSettings, 'start' | 'end' | 'width'>,
): Promise<OutputContext> {
  return {
    sourcePath: input.kind === 'stdin' ? null : inputAddress(input),
    isUnlinked: remote !== null,
    imagePaths: input.kind === 'images' ? (await imageFiles(input.path)).map((image) => resolve(image)) : null,
    range: { start, end },
    scaled: width !== null,
    ...(signal === undefined ? {} : { signal }),
  };
}
