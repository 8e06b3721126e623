import { currentBackend } from '../../model/engines/open-backend.js';
import { tf } from '../../model/tfjs.js';
import type { Frame } from '../../ingest/frame.js';
import { FacePipeline } from '../pipeline/face-pipeline.js';
import type { FrameResult } from '../pipeline/frame-result.js';
import { loadNetworks } from '../pipeline/networks.js';
import type { Networks } from '../pipeline/networks.js';
import type { EngineDescription, LiveSettings } from './live-engine.js';

/** Methods of the live worker thread. */
export interface AnalyzerApi {
  analyze(request: { readonly stream: number; readonly frame: Frame }): Promise<FrameResult>;
  /** Frees the state of a stream. */
  forget(stream: number): Promise<void>;
  /** Tensors held by the engine. */
  tensors(argument: undefined): number;
}

/** One face pipeline for each live stream, all on the same networks. One frame at a time. */
export class FaceAnalyzer {
  private readonly pipelines = new Map<number, FacePipeline>();

  private constructor(
    private readonly settings: LiveSettings,
    private readonly networks: Networks,
  ) {}

  /** @throws FerError BACKEND_UNAVAILABLE, BACKEND_MISMATCH, WEIGHTS_MISSING, MODEL_INCOMPATIBLE, CONFIG_INVALID */
  static async open(settings: LiveSettings): Promise<FaceAnalyzer> {
    return new FaceAnalyzer(settings, await loadNetworks(settings));
  }

  get description(): EngineDescription {
    const { model, backend } = this.networks;
    return {
      model: { name: model.name, version: model.version, labels: model.labels.labels },
      engine: { backend: backend.name, device: backend.device },
    };
  }

  /** Tensors held by the engine. */
  get tensors(): number {
    return currentBackend() === null ? 0 : tf.memory().numTensors;
  }

  /** @param stream the stream the frame belongs to; a new one, or one that was forgotten, starts with it */
  async analyze(stream: number, frame: Frame): Promise<FrameResult> {
    const [result] = await this.pipelineOf(stream).push(frame);
    return result!;
  }

  async forget(stream: number): Promise<void> {
    const pipeline = this.pipelines.get(stream);
    this.pipelines.delete(stream);
    await pipeline?.dispose();
  }

  private pipelineOf(stream: number): FacePipeline {
    const known = this.pipelines.get(stream);
    if (known !== undefined) return known;
    const pipeline = new FacePipeline(this.networks, { ...this.settings, causal: true });
    this.pipelines.set(stream, pipeline);
    return pipeline;
  }
}
