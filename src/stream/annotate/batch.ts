import type { Writable } from 'node:stream';
import { FerError } from '../../errors/fer-error.js';
import { makeOutputFolder } from '../../files/write-error.js';
import { expandInputs } from '../../ingest/sources/expand-inputs.js';
import { BegunSource } from '../../ingest/sources/frame-source.js';
import type { Input } from '../../ingest/sources/frame-source.js';
import { identifyInput } from '../../ingest/sources/identity.js';
import { outputFormat } from '../output/formats.js';
import { outputNames } from '../output/output-names.js';
import { overlayReason } from '../output/overlay-mp4.js';
import { RemoteFolder } from '../output/remote-folder.js';
import { annotateInput, findFinished, resultHash } from './annotate-input.js';
import type { InputEvent, InputJob } from './annotate-input.js';
import { parseAnnotateOptions } from '../pipeline/pipeline-settings.js';
import type { AnnotateOptions, AnnotateSettings } from '../pipeline/pipeline-settings.js';
import { Annotator, openInput } from './annotator.js';

export interface BatchOptions extends AnnotateOptions {
  /** A folder of this machine, or s3://bucket/prefix. */
  readonly outputDir: string;
  /** Names of OUTPUT_FORMATS. */
  readonly formats: readonly string[];
  /** Writes JSONL here instead of files into `outputDir`, one input after the other. */
  readonly stream?: Writable;
  /** Annotate again what is done already. */
  readonly force?: boolean;
  /** Stops after the current frame; finished inputs are kept, the unfinished one leaves a journal in `.ferstream/`, from which the next run resumes. */
  readonly signal?: AbortSignal;
}

/** Events of a batch. */
export type BatchEvent =
  | { readonly type: 'planned'; readonly inputs: number }
  /** Not annotated: an overlay that ferstream made, or pictures in a folder of videos. */
  | { readonly type: 'ignored'; readonly input: string; readonly reason: string }
  | { readonly type: 'engine'; readonly backend: string; readonly description: string }
  | InputEvent
  | { readonly type: 'failed'; readonly input: string; readonly error: FerError };

/** Errors that every further input of the batch would meet too. */
const BATCH_ERRORS: ReadonlySet<string> = new Set(['MODEL_BROKEN', 'FFMPEG_MISSING']);

/** Callers from JavaScript are not held by the type. @throws FerError CONFIG_INVALID */
function requireOutputs({ outputDir, formats, stream }: BatchOptions): void {
  if (stream !== undefined) return;
  if (!Array.isArray(formats) || formats.length === 0)
    throw new FerError('CONFIG_INVALID', "formats: give the formats to write, as in ['jsonl']");
  if (typeof (outputDir as unknown) !== 'string' || outputDir === '')
    throw new FerError('CONFIG_INVALID', 'outputDir: give the folder for the results');
}

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
  const { formats, stream, force = false, signal, ...others } = options;
  const { outputDir: place, ...annotateOptions } = others;
  requireOutputs(options);
  const remote = stream === undefined ? await RemoteFolder.of(place) : null;
  const outputDir = remote?.local ?? place;
  const settings = parseAnnotateOptions(annotateOptions);
  const wanted = await resultHash(settings, formats);
  const { inputs, failures, ignored } = await expandInputs(args, { ignore: overlayReason });
  yield { type: 'planned', inputs: inputs.length + failures.length };
  for (const { name: input, reason } of ignored) yield { type: 'ignored', input, reason };
  for (const { name, error } of failures) yield { type: 'failed', input: name, error };

  const endings = formats.map((format) => outputFormat(format).ending);
  const names = outputNames(inputs, { outputDir, endings });

  const isStopped = (): boolean => signal?.aborted === true;
  let annotator: Annotator | null = null;
  try {
    for (const [index, input] of inputs.entries()) {
      if (isStopped()) {
        yield { type: 'interrupted', input: input.name, isKept: true };
        return;
      }
      const name = names[index]!;
      let isInterrupted = false;
      let hash: string | null = null;
      let opening: Promise<BegunSource> | undefined;
      try {
        hash = await identifyInput(input);
        const outputs = { outputDir, remote, name, formats, stream };
        const job: InputJob = { input, hash, ...outputs, settingsHash: wanted, signal };
        const finished = stream === undefined && !force ? await findFinished(job) : null;
        if (finished !== null) {
          yield finished;
          continue;
        }
        // Every input would fail.
        if (annotator === null && stream === undefined) await requireFolder(outputDir);
        // The networks take their time to load.
        if (annotator === null) {
          opening = beginInput(input, settings);
          annotator = await openAnnotator(settings);
          yield { type: 'engine', backend: annotator.backend.name, description: annotator.backend.description };
        }
        for await (const event of annotateInput(annotator, { ...job, opening }, index + 1)) {
          isInterrupted = event.type === 'interrupted';
          yield event;
        }
      } catch (error) {
        if (error instanceof BatchFailure) throw error.cause;
        const failure = FerError.from(error);
        if (BATCH_ERRORS.has(failure.code)) throw failure;
        // A fault of ours may be the engine's end, which every further input would meet too.
        if (failure.code === 'INTERNAL') await annotator?.assertComputes();
        isInterrupted = failure.code === 'INTERRUPTED';
        if (isInterrupted)
          yield { type: 'interrupted', input: input.name, isKept: hash !== null && stream === undefined };
        else yield { type: 'failed', input: input.name, error: failure };
      } finally {
        await closeInput(opening);
      }
      // A rerun does the rest of the batch.
      if (isInterrupted) return;
    }
  } finally {
    annotator?.dispose();
  }
}

/** Opens an input, and starts its decoder too: both take a while, in which the networks are loaded. */
function beginInput(input: Input, settings: AnnotateSettings): Promise<BegunSource> {
  const opening = openInput(input, settings).then((source) => new BegunSource(source));
  opening.catch(() => undefined); // who awaits it gets the error
  return opening;
}

async function closeInput(opening: Promise<BegunSource> | undefined): Promise<void> {
  const source = await opening?.catch(() => null);
  await source?.close();
}

/** Errors that affect every input end the batch. */
class BatchFailure extends Error {}

async function requireFolder(path: string): Promise<void> {
  try {
    await makeOutputFolder(path);
  } catch (error) {
    throw new BatchFailure('nothing can be written', { cause: error });
  }
}

async function openAnnotator(settings: AnnotateSettings): Promise<Annotator> {
  try {
    return await Annotator.open(settings);
  } catch (error) {
    throw new BatchFailure('the batch cannot run', { cause: error });
  }
}
