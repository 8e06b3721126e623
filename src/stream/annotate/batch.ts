import { join, resolve } from 'node:path';
import { FerError } from '../../errors/fer-error.js';
import { identifyInput } from '../../ingest/sources/identity.js';
import { imageFiles } from '../../ingest/sources/image-files.js';
import { expandInputs } from '../../ingest/sources/expand-inputs.js';
import type { Input } from '../../ingest/sources/frame-source.js';
import { identifyModel } from '../../model/heads/open-model.js';
import { VERSION } from '../../version.js';
import { Annotator } from './annotator.js';
import { parseAnnotateOptions } from './annotate-options.js';
import type { AnnotateOptions, AnnotateSettings } from './annotate-options.js';
import { findDoneRecord, foreignOwner, settingsHash, writeDoneRecord } from '../output/done-record.js';
import { outputFormat } from '../output/formats.js';
import { openWriters } from '../output/open-writers.js';
import { outputNames } from '../output/output-names.js';
import type { OutputContext } from '../output/output-format.js';
import type { RunOutcome } from '../output/run-metadata.js';

export interface BatchOptions extends AnnotateOptions {
  readonly outputDir: string;
  /** Names of OUTPUT_FORMATS. */
  readonly formats: readonly string[];
  /** Annotate again what is done already. */
  readonly force?: boolean;
  /** Stops after the frame at work; finished inputs are kept, the unfinished one leaves nothing. */
  readonly signal?: AbortSignal;
}

/** What a batch tells while it runs, one input after the other. */
export type BatchEvent =
  | { readonly type: 'planned'; readonly inputs: number }
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

/**
 * Annotates many inputs into files. A bad input is an event, never the end of the batch; what a former run finished with
 * the same content and settings is skipped; every output appears under its name only when it is complete.
 *
 * @throws FerError CONFIG_INVALID, BACKEND_*, WEIGHTS_MISSING, OUTPUT_UNWRITABLE: what concerns the batch as a whole
 */
export async function* annotateBatch(
  args: readonly string[],
  options: BatchOptions,
): AsyncGenerator<BatchEvent, void, undefined> {
  const { outputDir, formats, force = false, signal, ...annotateOptions } = options;
  const settings = parseAnnotateOptions(annotateOptions);
  // What a model's folder holds counts, not where it lies.
  const model = await identifyModel(settings.model);
  const { inputs, failures } = await expandInputs([...args]);
  yield { type: 'planned', inputs: inputs.length + failures.length };
  for (const { name, error } of failures) yield { type: 'failed', input: name, error };

  const { backend, ...decisive } = settings;
  const wanted = settingsHash({ ...decisive, model, formats: [...formats].sort(), ferstream: VERSION });
  const endings = formats.map((format) => outputFormat(format).ending);
  const names = outputNames(inputs, { outputDir, endings });

  const stopped = (): boolean => signal?.aborted === true;
  let annotator: Annotator | null = null;
  try {
    for (const [index, input] of inputs.entries()) {
      if (stopped()) {
        yield { type: 'interrupted', input: input.name };
        return;
      }
      const outputName = names[index]!;
      try {
        const hash = await identifyInput(input);
        const done = force ? null : await findDoneRecord(outputDir, outputName, hash, wanted);
        if (done !== null) {
          yield {
            type: 'skipped',
            input: input.name,
            outputs: done.outputs.map(({ path }) => path),
            outcome: done.outcome,
          };
          continue;
        }
        const owner = force ? null : await foreignOwner(outputDir, outputName, inputAddress(input), hash);
        if (owner !== null) {
          const place = join(outputDir, outputName);
          throw new FerError(
            'OUTPUT_UNWRITABLE',
            `${input.name}: ${place} holds the results of ${owner}; give another --output-dir, or --force to replace them`,
          );
        }
        if (annotator === null) {
          annotator = await openAnnotator(settings);
          yield { type: 'engine', backend: annotator.backend.name, description: annotator.backend.description };
        }
        const job = { annotator, input, hash, outputDir, outputName, formats, wanted, position: index + 1, signal };
        yield* annotateInput(job);
      } catch (error) {
        if (error instanceof BatchFailure) throw error.cause;
        const failure = FerError.from(error);
        if (failure.code === 'INTERRUPTED') yield { type: 'interrupted', input: input.name };
        else yield { type: 'failed', input: input.name, error: failure };
      }
      // The event was yielded by annotateInput; what is left of the batch stays for a rerun.
      if (stopped()) return;
    }
  } finally {
    annotator?.dispose();
  }
}

interface Job {
  readonly annotator: Annotator;
  readonly input: Input;
  readonly hash: string | null;
  readonly outputDir: string;
  readonly outputName: string;
  readonly formats: readonly string[];
  readonly wanted: string;
  readonly position: number;
  readonly signal: AbortSignal | undefined;
}

async function* annotateInput(job: Job): AsyncGenerator<BatchEvent, void, undefined> {
  const { annotator, input, hash, outputDir, outputName, formats, signal } = job;
  const stopped = (): boolean => signal?.aborted === true;
  const began = performance.now();
  const annotation = await annotator.annotate(input, hash);
  yield {
    type: 'started',
    input: input.name,
    position: job.position,
    expectedFrames: annotation.metadata.input.expectedFrames,
  };

  const context = await outputContext(input, annotator.settings, signal);
  const writers = await openWriters(formats, outputDir, outputName, annotation.metadata, context);
  let outcome: RunOutcome;
  try {
    let frames = 0;
    for await (const result of annotation) {
      if (stopped()) break;
      await writers.write(result);
      frames += 1;
      yield { type: 'progress', input: input.name, frames, timestamp: result.timestamp };
    }
    if (stopped()) {
      await writers.abort();
      yield { type: 'interrupted', input: input.name };
      return;
    }
    const { degraded, note } = annotation.report();
    outcome = { frames, degraded, note };
    await writers.finish(outcome);
  } catch (error) {
    await writers.abort();
    throw error;
  }
  await writeDoneRecord(outputDir, outputName, {
    input: inputAddress(input),
    inputHash: hash,
    settingsHash: job.wanted,
    outputs: writers.paths,
    outcome,
  });
  yield {
    type: 'done',
    input: input.name,
    outputs: writers.paths,
    outcome,
    seconds: (performance.now() - began) / 1000,
  };
}

/** What makes no input of the batch possible must end it, not be reported once per input. */
class BatchFailure extends Error {}

async function openAnnotator(settings: AnnotateSettings): Promise<Annotator> {
  try {
    return await Annotator.open(settings);
  } catch (error) {
    throw new BatchFailure('the batch cannot run', { cause: error });
  }
}

/** Where an input really is, whatever folder the command runs in. */
function inputAddress({ kind, path }: Input): string {
  return kind === 'file' || kind === 'images' ? resolve(path) : path;
}

/** What the overlay needs to go over the source a second time. */
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
