import { findFfmpeg, findFfprobe } from '../../ingest/ffmpeg/binaries.js';
import type { SourceInfo } from '../../ingest/sources/frame-source.js';
import { identifyInput } from '../../ingest/sources/identity.js';
import type { Input } from '../../ingest/sources/frame-source.js';
import { openSource } from '../../ingest/sources/open-source.js';
import type { Backend } from '../../model/engines/backend.js';
import type { ClipContext } from '../../model/expression-model.js';
import { VERSION } from '../../version.js';
import type { RunMetadata } from '../results/run-metadata.js';
import { FacePipeline } from '../pipeline/face-pipeline.js';
import { loadNetworks } from '../pipeline/networks.js';
import type { Networks } from '../pipeline/networks.js';
import type { Annotation } from './annotation.js';
import { parseAnnotateOptions } from './annotate-options.js';
import type { AnnotateOptions, AnnotateSettings } from './annotate-options.js';
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
    // They answer while the networks are loaded; who needs them gets the error.
    for (const search of [findFfmpeg(), findFfprobe()]) search.catch(() => undefined);
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
   * @throws FerError INPUT_* if it cannot be read
   */
  async annotate(
    input: Input,
    hash?: string | null,
    openJournal?: (metadata: RunMetadata) => Promise<WorkJournal | null>,
    { start, end }: Pick<AnnotateSettings, 'start' | 'end'> = this.settings,
  ): Promise<Annotation> {
    const { fps, width } = this.settings;
    const source = await openSource(input, { fps, start, end, width, keepUnreadable: true });
    const metadata = await this.describe(input, hash === undefined ? await identifyInput(input) : hash, source.info);
    const journal = (await openJournal?.(metadata)) ?? null;
    const networks = journal?.networks(this.networks) ?? this.networks;
    const { Annotation } = await import('./annotation.js');
    return new Annotation(metadata, source, () => new FacePipeline(networks, this.settings), this.settings);
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
