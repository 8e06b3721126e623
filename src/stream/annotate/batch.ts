import { join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { FerError } from '../../errors/fer-error.js';
import { expandInputs } from '../../ingest/sources/expand-inputs.js';
import type { Input } from '../../ingest/sources/frame-source.js';
import { identifyInput } from '../../ingest/sources/identity.js';
import { imageFiles } from '../../ingest/sources/image-files.js';
import { identifyModel } from '../../model/heads/open-model.js';
import { VERSION } from '../../version.js';
import { findDoneRecord, otherOwner, settingsHash, writeDoneRecord } from '../output/done-record.js';
import { outputFormat } from '../output/formats.js';
import { openWriters } from '../output/open-writers.js';
import type { OutputContext, OutputWriters } from '../output/output-format.js';
import { outputNames } from '../output/output-names.js';
import { isOverlay } from '../output/overlay-tag.js';
import type { RunMetadata, RunOutcome } from '../output/run-metadata.js';
import { streamWriter } from '../output/stream-writer.js';
import { parseAnnotateOptions } from './annotate-options.js';
import type { AnnotateOptions, AnnotateSettings } from './annotate-options.js';
import { Annotator } from './annotator.js';

export interface BatchOptions extends AnnotateOptions {
  readonly outputDir: string;
  /** Names of OUTPUT_FORMATS. */
  readonly formats: readonly string[];
  /** Writes JSONL here instead of files into `outputDir`, one input after the other. */
  readonly stream?: Writable;
  /** Annotate again what is done already. */
  readonly force?: boolean;
  /** Stops after the current frame; finished inputs are kept, the unfinished one leaves nothing. */
  readonly signal?: AbortSignal;
}

/** What a batch reports while it runs, one input after the other. */
export type BatchEvent =
  | { readonly type: 'planned'; readonly inputs: number }
  /** An overlay that ferstream made; it is not annotated. */
  | { readonly type: 'ignored'; readonly input: string }
  | { readonly type: 'engine'; readonly backend: string; readonly description: string }
  | {
      readonly type: 'started';
      readonly input: string;
      readonly position: number;
      readonly expectedFrames: number | null;
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
  | { readonly type: 'failed'; readonly input: string; readonly error: FerError }
  | { readonly type: 'interrupted'; readonly input: string };

/** Errors that every further input of the batch would meet too. */
const BATCH_ERRORS: ReadonlySet<string> = new Set(['MODEL_BROKEN', 'FFMPEG_MISSING']);

/**
 * Annotates many inputs into files. A bad input is an event and does not end the batch; inputs that an earlier run finished with the same
 * content and settings are skipped; each output appears under its name only when complete.
 *
 * @throws FerError CONFIG_INVALID, BACKEND_*, WEIGHTS_MISSING, MODEL_*, OUTPUT_UNWRITABLE: what concerns the batch as a whole
 */
export async function* annotateBatch(
  args: readonly string[],
  options: BatchOptions,
): AsyncGenerator<BatchEvent, void, undefined> {
  const { outputDir, formats, stream, force = false, signal, ...annotateOptions } = options;
  const settings = parseAnnotateOptions(annotateOptions);
  // The content of a model folder counts, not its path.
  const model = await identifyModel(settings.model);
  const { inputs, failures, ignored } = await expandInputs([...args], { ignore: isOverlay });
  yield { type: 'planned', inputs: inputs.length + failures.length };
  for (const input of ignored) yield { type: 'ignored', input };
  for (const { name, error } of failures) yield { type: 'failed', input: name, error };

  const { backend: _, ...decisive } = settings;
  const wanted = settingsHash({ ...decisive, model, formats: [...formats].sort(), ferstream: VERSION });
  const endings = formats.map((format) => outputFormat(format).ending);
  const names = outputNames(inputs, { outputDir, endings });

  const isStopped = (): boolean => signal?.aborted === true;
  let annotator: Annotator | null = null;
  try {
    for (const [index, input] of inputs.entries()) {
      if (isStopped()) {
        yield { type: 'interrupted', input: input.name };
        return;
      }
      const name = names[index]!;
      try {
        const hash = await identifyInput(input);
        if (stream === undefined && !force) {
          const done = await findDoneRecord(outputDir, name, hash, wanted);
          if (done !== null) {
            const outputs = done.outputs.map(({ path }) => path);
            yield { type: 'skipped', input: input.name, outputs, outcome: done.outcome };
            continue;
          }
          await refuseOtherOwner(outputDir, name, input, hash);
        }
        if (annotator === null) {
          annotator = await openAnnotator(settings);
          yield { type: 'engine', backend: annotator.backend.name, description: annotator.backend.description };
        }
        const open = async (metadata: RunMetadata): Promise<OutputWriters> =>
          stream === undefined
            ? openWriters(formats, outputDir, name, metadata, await outputContext(input, settings, signal))
            : streamWriter(stream, metadata);
        const outcome = yield* annotateInput({ annotator, input, hash, open, position: index + 1, signal });
        if (outcome !== null && stream === undefined) {
          const record = { input: inputAddress(input), inputHash: hash, settingsHash: wanted, ...outcome };
          await writeDoneRecord(outputDir, name, record);
        }
      } catch (error) {
        if (error instanceof BatchFailure) throw error.cause;
        const failure = FerError.from(error);
        if (BATCH_ERRORS.has(failure.code)) throw failure;
        if (failure.code === 'INTERRUPTED') yield { type: 'interrupted', input: input.name };
        else yield { type: 'failed', input: input.name, error: failure };
      }
      // annotateInput has yielded the event; a rerun does the rest of the batch.
      if (isStopped()) return;
    }
  } finally {
    annotator?.dispose();
  }
}

interface Job {
  readonly annotator: Annotator;
  readonly input: Input;
  readonly hash: string | null;
  readonly open: (metadata: RunMetadata) => Promise<OutputWriters>;
  readonly position: number;
  readonly signal: AbortSignal | undefined;
}

interface Finished {
  readonly outputs: readonly string[];
  readonly outcome: RunOutcome;
}

/** @returns null if stopped */
async function* annotateInput(job: Job): AsyncGenerator<BatchEvent, Finished | null, undefined> {
  const { annotator, signal } = job;
  const input = job.input.name;
  const isStopped = (): boolean => signal?.aborted === true;
  const began = performance.now();
  const annotation = await annotator.annotate(job.input, job.hash);
  const { expectedFrames } = annotation.metadata.input;
  yield { type: 'started', input, position: job.position, expectedFrames };

  const writers = await job.open(annotation.metadata);
  let outcome: RunOutcome;
  try {
    let frames = 0;
    for await (const result of annotation) {
      if (isStopped()) break;
      await writers.write(result);
      frames += 1;
      yield { type: 'progress', input, frames, timestamp: result.timestamp };
    }
    if (isStopped()) {
      await writers.abort();
      yield { type: 'interrupted', input };
      return null;
    }
    const { degraded, note } = annotation.report();
    const prior = annotator.settings.prior === 'auto' ? annotation.prior : null;
    outcome = { frames, degraded, note, ...(prior && { prior }) };
    await writers.finish(outcome);
  } catch (error) {
    await writers.abort();
    throw error;
  }
  const outputs = writers.paths;
  yield { type: 'done', input, outputs, outcome, seconds: (performance.now() - began) / 1000 };
  return { outputs, outcome };
}

/** What makes every input of the batch impossible ends it, rather than being reported for each. */
class BatchFailure extends Error {}

async function openAnnotator(settings: AnnotateSettings): Promise<Annotator> {
  try {
    return await Annotator.open(settings);
  } catch (error) {
    throw new BatchFailure('the batch cannot run', { cause: error });
  }
}

async function refuseOtherOwner(dir: string, name: string, input: Input, hash: string | null): Promise<void> {
  const owner = await otherOwner(dir, name, inputAddress(input), hash);
  if (owner === null) return;
  throw new FerError(
    'OUTPUT_UNWRITABLE',
    `${input.name}: ${join(dir, name)} holds the results of ${owner}; give another --output-dir, or --force to replace them`,
  );
}

/** Absolute, so that it does not depend on the working directory. */
function inputAddress({ kind, path }: Input): string {
  return kind === 'file' || kind === 'images' ? resolve(path) : path;
}

/** What the overlay needs to read the source a second time. */
async function outputContext(
  input: Input,
  { start, end, width }: AnnotateSettings,
  signal: AbortSignal | undefined,
): Promise<OutputContext> {
  return {
    sourcePath: input.kind === 'stdin' ? null : inputAddress(input),
    imagePaths: input.kind === 'images' ? (await imageFiles(input.path)).map((image) => resolve(image)) : null,
    range: { start, end },
    scaled: width !== null,
    ...(signal === undefined ? {} : { signal }),
  };
}
