import { FaceFollower, findFfmpeg, identifyInput, loadFaceNets, openSource } from '../ingest/index.js';
import type { FaceNets, FaceOptions, Input, SourceInfo, SourceOptions } from '../ingest/index.js';
import { openBackend, openModel } from '../model/index.js';
import type { Backend, ExpressionModel } from '../model/index.js';
import { VERSION } from '../version.js';
import { Annotation } from './annotation.js';
import { parseAnnotateOptions } from './annotate-options.js';
import type { AnnotateOptions, AnnotateSettings } from './annotate-options.js';
import { ClipWindow } from './clip-window.js';
import type { RunMetadata } from './run-metadata.js';

/**
 * Engine, face networks and expression model, loaded once for any number of inputs.
 *
 * @example
 * const annotator = await Annotator.open({ detectEvery: 2 });
 * for await (const result of await annotator.annotate(input)) console.log(result.timestamp, result.faces);
 * annotator.dispose();
 */
export class Annotator {
  private constructor(
    readonly settings: AnnotateSettings,
    readonly backend: Backend,
    private readonly nets: FaceNets,
    private readonly model: ExpressionModel,
  ) {}

  /** @throws FerError CONFIG_INVALID, BACKEND_UNAVAILABLE, BACKEND_MISMATCH, WEIGHTS_MISSING */
  static async open(options: AnnotateOptions = {}): Promise<Annotator> {
    const settings = parseAnnotateOptions(options);
    const backend = await openBackend({ backend: settings.backend });
    const [nets, model] = await Promise.all([
      loadFaceNets({ detector: settings.detector }),
      openModel(settings.model, { bothSides: settings.bothSides }),
    ]);
    return new Annotator(settings, backend, nets, model);
  }

  get labels(): readonly string[] {
    return this.model.labels.labels;
  }

  /**
   * Opens one input; nothing is decoded before the annotation is consumed.
   *
   * @param hash as `identifyInput` gives it, when the caller has it already.
   * @throws FerError INPUT_* when it cannot be read
   */
  async annotate(input: Input, hash?: string | null): Promise<Annotation> {
    const source = await openSource(input, sourceOptions(this.settings));
    const metadata = await this.describe(input, hash === undefined ? await identifyInput(input) : hash, source.info);
    return new Annotation(metadata, source, () => {
      const follower = new FaceFollower(this.nets, faceOptions(this.settings));
      return {
        follower,
        model: this.model,
        window: new ClipWindow(this.model, { smoothing: this.settings.smoothing }),
        dispose: () => {
          follower.dispose();
        },
      };
    });
  }

  dispose(): void {
    this.nets.dispose();
    this.model.dispose();
  }

  private async describe(input: Input, hash: string | null, info: SourceInfo): Promise<RunMetadata> {
    const { backend, ...settings } = this.settings;
    return {
      schemaVersion: 1,
      ferstream: VERSION,
      input: { name: input.name, kind: input.kind, hash, ...info },
      engine: { backend: this.backend.name, tfjs: this.backend.tfjsVersion, device: this.backend.device },
      model: { name: this.model.name, version: this.model.version, labels: this.labels },
      detector: this.settings.detector,
      settings,
      node: process.version,
      ffmpeg: (await findFfmpeg()).version,
    };
  }
}

function sourceOptions({ fps, start, end, width }: AnnotateSettings): SourceOptions {
  return { fps, start, end, width };
}

export function faceOptions({
  detectEvery,
  minFaceSize,
  minScore,
  maxFaces,
}: Pick<AnnotateSettings, 'detectEvery' | 'minFaceSize' | 'minScore' | 'maxFaces'>): FaceOptions {
  return { detectEvery, minSize: minFaceSize, maxFaces, ...(minScore === null ? {} : { minScore }) };
}
