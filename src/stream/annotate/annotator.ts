import { createRequire } from 'node:module';
import type * as rxjs from 'rxjs';
import { FerError, throwIfAborted, unlessAborted } from '../../errors/fer-error.js';
import { findFfmpeg, lookForFfmpeg } from '../../ingest/ffmpeg/binaries.js';
import { expandInputs } from '../../ingest/sources/expand-inputs.js';
import type { FrameSource, Input, SourceInfo } from '../../ingest/sources/frame-source.js';
import { identifyInput } from '../../ingest/sources/identity.js';
import { openSource } from '../../ingest/sources/open-source.js';
import type { Backend } from '../../model/engines/backend.js';
import type { ClipContext } from '../../model/expression-model.js';
import { VERSION } from '../../version.js';
import { FacePipeline } from '../pipeline/face-pipeline.js';
import type { FrameResult } from '../pipeline/frame-result.js';
import { loadNetworks } from '../pipeline/networks.js';
import type { Networks } from '../pipeline/networks.js';
import type { RunMetadata } from '../results/annotation-schema.js';
import { parseAnnotateOptions } from '../pipeline/pipeline-settings.js';
import type { AnnotateOptions, AnnotateSettings } from '../pipeline/pipeline-settings.js';
import type { Annotation } from './annotation.js';
import type { WorkJournal } from './work-journal.js';

/**
 * Engine, face networks and expression model, loaded once for any number of inputs.
 *
 * @example
 * const annotator = await Annotator.open({ smoothing: 0.2 });
 * for await (const result of await annotator.annotate(input)) console.log(result.timestamp, result.faces);
 * annotator.dispose();
 */
export class Annotator {
  private constructor(
    readonly settings: AnnotateSettings,
    private readonly networks: Networks,
  ) {}

  /** @throws FerError CONFIG_INVALID, BACKEND_UNAVAILABLE, BACKEND_MISMATCH, WEIGHTS_MISSING */
  static async open(options: AnnotateOptions = {}): Promise<Annotator> {
    const settings = parseAnnotateOptions(options);
    lookForFfmpeg();
    return new Annotator(settings, await loadNetworks(settings, settings.workers));
  }

  get backend(): Backend {
    return this.networks.backend;
  }

  get labels(): readonly string[] {
    return this.networks.model.labels.labels;
  }

  /** Frames that the model sees around those it classifies. */
  get context(): ClipContext {
    return this.networks.model.context;
  }

  /**
   * Opens one input; nothing is decoded before the annotation is consumed.
   *
   * @param hash from `identifyInput`, if already known
   * @param openJournal of the work on this input, so that it can be resumed
   * @param range seconds of presentation time, instead of those of the settings
   * @param opening the input, if `openInput` has begun to open it
   * @throws FerError INPUT_* if it cannot be read
   */
  async annotate(
    input: Input,
    hash?: string | null,
    openJournal?: (metadata: RunMetadata) => Promise<WorkJournal | null>,
    range: Pick<AnnotateSettings, 'start' | 'end'> = this.settings,
    opening: Promise<FrameSource> = openInput(input, { ...this.settings, ...range }),
  ): Promise<Annotation> {
    const [source, { Annotation }] = await Promise.all([opening, import('./annotation.js')]);
    const metadata = await this.describe(input, hash === undefined ? await identifyInput(input) : hash, source.info);
    const journal = (await openJournal?.(metadata)) ?? null;
    const networks = journal?.networks(this.networks) ?? this.networks;
    return new Annotation(metadata, source, () => new FacePipeline(networks, this.settings), this.settings);
  }

  /**
   * Whether the engine still computes: wasm that has run out of memory, or a GPU that was lost, does not recover in this process.
   * @throws FerError BACKEND_UNAVAILABLE
   */
  async assertComputes(): Promise<void> {
    const { model, backend } = this.networks;
    const data = new Float32Array(model.crop.size ** 2 * model.crop.channels);
    const broken = (why: string): FerError =>
      new FerError(
        'BACKEND_UNAVAILABLE',
        `${backend.name} no longer computes (${why}): run the same command again, it resumes`,
      );
    const [features] = await model.encode([{ geometry: model.crop, data }]).catch((error: unknown) => {
      throw broken(FerError.from(error).message);
    });
    if (features?.every(Number.isFinite) !== true) throw broken('its numbers are not finite');
  }

  dispose(): void {
    this.networks.dispose();
  }

  private async describe(input: Input, hash: string | null, info: SourceInfo): Promise<RunMetadata> {
    const { backend: _, workers: __, names, ...settings } = this.settings;
    const { backend, model } = this.networks;
    return {
      schemaVersion: 1,
      ferstream: VERSION,
      input: { name: input.name, kind: input.kind, hash, ...info },
      engine: { backend: backend.name, tfjs: backend.tfjsVersion, device: backend.device },
      model: { name: model.name, version: model.version, labels: this.labels },
      detector: settings.detector,
      settings,
      node: process.version,
      ffmpeg: (await findFfmpeg()).version,
      ...(Object.keys(names).length > 0 && { people: names }),
    };
  }
}

/**
 * Annotates one file, image folder, URL or stdin ("-"): one result for every frame, in order.
 * The decoder waits for the loop; leaving the loop stops everything. For many inputs, open an `Annotator` once instead.
 *
 * @param options.signal stops it from outside, also while it opens the input or waits for the next frame
 * @throws FerError with a code of docs/errors.md; INTERRUPTED after the signal
 * @example
 * for await (const { timestamp, faces } of annotate('clip.mp4')) console.log(timestamp, faces[0]?.label);
 */
export async function* annotate(
  input: string,
  { signal, ...options }: AnnotateOptions & { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<FrameResult, void, undefined> {
  throwIfAborted(signal, input);
  const opening = openBoth(input, options);
  // Servers may take long to answer: the signal does not wait for them. What is opened all the same is freed.
  const opened = await unlessAborted(opening, signal);
  if (signal?.aborted === true)
    void opening.then(
      (late) => {
        late.annotator.dispose();
      },
      () => undefined,
    );
  throwIfAborted(signal, input);
  const { annotator, annotation } = opened!;
  const results = annotation[Symbol.asyncIterator]();
  const leave = (): void => void results.return();
  signal?.addEventListener('abort', leave);
  try {
    throwIfAborted(signal, input);
    yield* results;
    throwIfAborted(signal, input);
  } finally {
    signal?.removeEventListener('abort', leave);
    annotator.dispose();
  }
}

/** The same as an Observable, cold: every subscription annotates the input again. */
export function annotate$(input: string, options: AnnotateOptions = {}): rxjs.Observable<FrameResult> {
  // Loaded when called: RxJS takes a third of the time in which ferstream is imported.
  const { Observable, defer } = createRequire(import.meta.url)('rxjs') as typeof rxjs;
  return new Observable((subscriber) => {
    openBoth(input, options).then(
      ({ annotator, annotation }) => {
        // The subscriber may be gone by now.
        if (subscriber.closed) {
          annotator.dispose();
          return;
        }
        void annotation.settled.then(() => {
          annotator.dispose();
        });
        subscriber.add(defer(() => annotation.results$).subscribe(subscriber));
      },
      (error: unknown) => {
        subscriber.error(error);
      },
    );
  });
}

async function openBoth(input: string, options: AnnotateOptions) {
  const single = await singleInput(input);
  const annotator = await Annotator.open(options);
  try {
    return { annotator, annotation: await annotator.annotate(single) };
  } catch (error) {
    annotator.dispose();
    throw error;
  }
}

async function singleInput(input: string): Promise<Input> {
  const { inputs, failures } = await expandInputs([input]);
  if (failures[0] !== undefined) throw failures[0].error;
  if (inputs.length !== 1) {
    throw new FerError(
      'USAGE',
      `${input}: contains ${inputs.length} inputs; annotate them one by one, or with annotateBatch`,
    );
  }
  return inputs[0]!;
}

/** Opens an input as these settings want it; nothing is decoded yet. It takes a while, as loading an Annotator does: do both at a time. */
export function openInput(
  input: Input,
  { fps, start, end, width }: Pick<AnnotateSettings, 'fps' | 'start' | 'end' | 'width'>,
): Promise<FrameSource> {
  const opening = openSource(input, { fps, start, end, width, keepUnreadable: true });
  opening.catch(() => undefined); // who awaits it gets the error
  return opening;
}
