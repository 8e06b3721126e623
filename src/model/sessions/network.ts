import { FerError } from '../../errors/fer-error.js';
import type { CropGeometry, FaceCrop } from '../crop-geometry.js';
import type { tf } from '../tfjs.js';
import type { OnnxDescription, OnnxInput } from '../onnx/onnx-graph.js';

/** Numbers outside any engine. */
export interface Values {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** A network that is ready to run. */
export interface NetworkSession {
  /**
   * @param inputs in the order of the network's inputs; `data` may be reused afterwards
   * @returns outputs in the order of the network's outputs
   * @throws FerError USAGE after `dispose`
   */
  run(inputs: readonly Values[]): Promise<Values[]>;
  /** May be called more than once. */
  dispose(): void;
}

/**
 * A network as TensorFlow.js runs it.
 * @internal keeps TensorFlow.js' types out of the public declarations
 */
export interface LoadedNetwork {
  /** @returns new tensors */
  run(...inputs: tf.Tensor[]): tf.Tensor[];
  /** Writes the network as an ONNX file where tracing `run` is not enough. */
  toOnnx?(description: OnnxDescription): Promise<Uint8Array>;
  dispose(): void;
}

/** A network that any engine can open: where its weights come from, and what goes in and out. */
export interface Network {
  /** Name of its exported file. */
  readonly name: string;
  readonly title: string;
  readonly inputs: readonly OnnxInput[];
  readonly outputs: readonly string[];
  /** Usual range of the input values, for trying it out. */
  readonly range: readonly [number, number];
  /** Hash of everything that determines its outputs. @throws FerError WEIGHTS_MISSING */
  identity(): Promise<string>;
  /**
   * @throws FerError WEIGHTS_MISSING
   * @internal
   */
  load(): Promise<LoadedNetwork>;
}

/** Opens networks on one engine. */
export type OpenSession = (network: Network) => Promise<NetworkSession>;

/** A session that may be disposed more than once, and that says so when it is used afterwards. */
export function disposable(title: string, session: NetworkSession): NetworkSession {
  let isDisposed = false;
  return {
    async run(inputs) {
      if (isDisposed)
        throw new FerError('USAGE', `${title} is used after dispose(): dispose networks after their last use`);
      return session.run(inputs);
    },
    dispose: () => {
      if (!isDisposed) session.dispose();
      isDisposed = true;
    },
  };
}

/** The rows of an output, each in its own memory. [..., N, D] -> [N][D] */
export function rowsOf({ data, shape }: Values): Float32Array[] {
  const width = shape.at(-1)!;
  return Array.from({ length: data.length / width }, (_, i) => data.slice(i * width, (i + 1) * width));
}

/** Waits for all that are loading; when one fails, those that loaded are disposed. */
export async function allOrNone<T extends readonly ({ dispose(): void } | null)[]>(loading: {
  readonly [K in keyof T]: Promise<T[K]>;
}): Promise<T> {
  try {
    return await Promise.all(loading);
  } catch (error) {
    for (const settled of await Promise.allSettled(loading))
      if (settled.status === 'fulfilled') settled.value?.dispose();
    throw error;
  }
}

/** Runs a frame network over any number of crops, `batch` at a time. -> its outputs [B][D] */
export async function encodeCrops(
  session: NetworkSession,
  crops: readonly FaceCrop[],
  { size, channels }: CropGeometry,
  batch: number,
): Promise<Float32Array[]> {
  const length = size * size * channels;
  const rows: Float32Array[] = [];
  for (let first = 0; first < crops.length; first += batch) {
    const chosen = crops.slice(first, first + batch);
    const pixels = new Float32Array(chosen.length * length);
    for (const [i, { data }] of chosen.entries()) pixels.set(data, i * length);
    const [outputs] = await session.run([{ data: pixels, shape: [chosen.length, size, size, channels] }]);
    rows.push(...rowsOf(outputs!));
  }
  return rows;
}
