import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FerError } from '../../errors/fer-error.js';
import { storedBytes, storedType, storedWeights } from '../stored-weights.js';
import type { tf } from '../tfjs.js';
import type { CheckpointInfo } from './checkpoint-info.js';

export const INFO_FILE = 'ferstream.json';
export const TOPOLOGY_FILE = 'model.json';
export const WEIGHTS_FILE = 'weights.bin';

interface ModelJson {
  readonly modelTopology: object;
  readonly format: string;
  readonly generatedBy: string;
  readonly convertedBy: string | null;
  readonly weightsManifest: readonly {
    readonly paths: readonly string[];
    readonly weights: tf.io.WeightsManifestEntry[];
  }[];
}

/**
 * Writes and reads TensorFlow.js' standard layout in a folder: model.json, and the weights in one binary file (read: in any number).
 * tfjs-node has such a handler too, but is optional.
 */
export function folderHandler(folder: string): tf.io.IOHandler {
  return {
    async save(artifacts: tf.io.ModelArtifacts): Promise<tf.io.SaveResult> {
      const weights = weightBytes(artifacts.weightData);
      const json = {
        modelTopology: artifacts.modelTopology,
        format: artifacts.format,
        generatedBy: artifacts.generatedBy,
        convertedBy: artifacts.convertedBy ?? null,
        weightsManifest: [{ paths: [WEIGHTS_FILE], weights: artifacts.weightSpecs ?? [] }],
      };
      await writeFile(join(folder, WEIGHTS_FILE), weights);
      await writeFile(join(folder, TOPOLOGY_FILE), JSON.stringify(json));
      return {
        modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON', weightDataBytes: weights.byteLength },
      };
    },

    async load(): Promise<tf.io.ModelArtifacts> {
      const { modelTopology, weightsManifest, ...about } = await readModelJson(folder);
      const files = await Promise.all(
        weightsManifest.flatMap(({ paths }) => paths).map((path) => readFile(join(folder, path))),
      );
      // A copy that starts its own buffer: Node may hand out parts of a shared one.
      const weightData = new Uint8Array(Buffer.concat(files)).buffer;
      return { ...about, modelTopology, weightSpecs: weightsManifest.flatMap(({ weights }) => weights), weightData };
    },
  };
}

/** The binary files with the weights of the model in a folder, in order. */
async function weightFiles(folder: string): Promise<string[]> {
  const { weightsManifest } = await readModelJson(folder);
  return weightsManifest.flatMap(({ paths }) => paths);
}

async function readModelJson(folder: string): Promise<ModelJson> {
  return JSON.parse(await readFile(join(folder, TOPOLOGY_FILE), 'utf8')) as ModelJson;
}

/** All weights of a model, one after the other; the same memory where they are in one piece. */
export function weightBytes(data: tf.io.WeightData | undefined): Buffer {
  if (data === undefined) return Buffer.alloc(0);
  return Array.isArray(data) ? Buffer.concat(data.map((part) => Buffer.from(part))) : Buffer.from(data);
}

/** Size and SHA-256 of network and weights, as they stand in `ferstream.json`. */
export async function digestFiles(folder: string): Promise<CheckpointInfo['files']> {
  const files: CheckpointInfo['files'] = {};
  for (const name of [TOPOLOGY_FILE, ...(await weightFiles(folder))]) {
    const content = await readFile(join(folder, name));
    files[name] = { bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
  }
  return files;
}

/**
 * Compares the files of a checkpoint with the checksums in its description.
 * @throws FerError WEIGHTS_MISSING naming the damaged file
 */
export async function verifyFiles(folder: string, { files }: Pick<CheckpointInfo, 'files'>): Promise<void> {
  const found = await digestFiles(folder).catch((cause: unknown) => {
    throw damaged(
      folder,
      `its files cannot be read (${cause instanceof Error ? cause.message : String(cause)})`,
      cause,
    );
  });
  for (const name of new Set([...Object.keys(files), ...Object.keys(found)])) {
    const [expected, actual] = [files[name], found[name]];
    if (expected === undefined) throw damaged(folder, `${INFO_FILE} has no checksum of ${name}`);
    if (actual === undefined) throw damaged(folder, `${TOPOLOGY_FILE} does not name ${name}`);
    if (actual.bytes !== expected.bytes)
      throw damaged(folder, `${name} has ${actual.bytes} bytes, expected ${expected.bytes}`);
    if (actual.sha256 !== expected.sha256) throw damaged(folder, `${name} is damaged (its checksum differs)`);
  }
}

/**
 * Checks that the weights have the declared size and no NaN or infinity.
 * @throws FerError WEIGHTS_MISSING naming the weight
 */
export function verifyWeights(folder: string, { weightSpecs = [], weightData }: tf.io.ModelArtifacts): void {
  const data = weightBytes(weightData);
  let total = 0;
  for (const { spec, bytes } of storedWeights(weightSpecs, data)) {
    const { name, quantization } = spec;
    if (bytes.length < storedBytes(spec)) throw damaged(folder, `the weights end before ${name}`);
    if (!isFinite[storedType(spec)](bytes, quantization))
      throw damaged(folder, `weight ${name} is not finite (NaN or infinity)`);
    total += bytes.length;
  }
  if (total !== data.length)
    throw damaged(folder, `the weights have ${data.length - total} bytes more than the network`);
}

type Scale = { readonly scale?: number; readonly min?: number } | undefined;

const isScaleFinite = (_: Uint8Array, scale: Scale): boolean =>
  Number.isFinite(scale?.scale) && Number.isFinite(scale?.min);

/** Whether no number has all bits of the exponent set, which means infinity or NaN. @param mask of the exponent in the upper two bytes, of which each number has `size` */
function hasFiniteExponents(bytes: Uint8Array, size: number, mask: number): boolean {
  for (let i = size - 2; i < bytes.length; i += size)
    if (((bytes[i]! | (bytes[i + 1]! << 8)) & mask) === mask) return false;
  return true;
}

const isFinite: Readonly<Record<ReturnType<typeof storedType>, (data: Uint8Array, scale: Scale) => boolean>> = {
  float32: (data) => hasFiniteExponents(data, 4, 0x7f80),
  float16: (data) => hasFiniteExponents(data, 2, 0x7c00),
  int32: () => true,
  uint16: isScaleFinite,
  uint8: isScaleFinite,
};

/**
 * "sha256:..." over the description, the network and the weights of a checkpoint: folders with the same hash give the same results.
 * @throws FerError WEIGHTS_MISSING when a file is missing or damaged
 */
export async function checkpointHash(folder: string): Promise<string> {
  try {
    const hash = createHash('sha256');
    for (const file of [INFO_FILE, TOPOLOGY_FILE, ...(await weightFiles(folder))]) {
      // Hashing digests of fixed size keeps file boundaries unambiguous.
      hash.update(
        createHash('sha256')
          .update(await readFile(join(folder, file)))
          .digest(),
      );
    }
    return `sha256:${hash.digest('hex')}`;
  } catch (error) {
    throw damaged(folder, `cannot be read (${error instanceof Error ? error.message : String(error)})`, error);
  }
}

function damaged(folder: string, what: string, cause?: unknown): FerError {
  return new FerError('WEIGHTS_MISSING', `checkpoint ${folder}: ${what}; copy the folder again`, { cause });
}
