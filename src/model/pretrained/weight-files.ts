import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { storedWeights, weightValues } from '../stored-weights.js';
import { tf } from '../tfjs.js';
import { FerError } from '../../errors/fer-error.js';

const require = createRequire(import.meta.url);

/** Tensors by their name in the weight file. The holder disposes them. */
export type WeightMap = ReadonlyMap<string, tf.Tensor>;

interface WeightGroup {
  readonly paths: readonly string[];
  readonly weights: tf.io.WeightsManifestEntry[];
}

/** The folder of an npm package that ships weights, wherever npm hoisted it. */
function findInPackage(packageName: string, relativePath: string): string {
  for (const folder of require.resolve.paths(packageName) ?? []) {
    const path = join(folder, packageName, relativePath);
    if (existsSync(path)) return path;
  }
  throw new FerError(
    'WEIGHTS_MISSING',
    `weights "${relativePath}" of npm package ${packageName} were not found; run npm install again`,
  );
}

/** A weight outside any engine. */
export interface WeightValues {
  readonly values: Float32Array | Int32Array;
  readonly shape: number[];
  readonly dtype: tf.DataType;
}

async function decodeGroups(
  manifestPath: string,
  groups: readonly WeightGroup[],
): Promise<ReadonlyMap<string, WeightValues>> {
  const weights = new Map<string, WeightValues>();
  for (const group of groups) {
    const files = await Promise.all(group.paths.map((path) => readFile(join(dirname(manifestPath), path))));
    const data = files.length === 1 ? files[0]! : Buffer.concat(files);
    for (const weight of storedWeights(group.weights, data)) {
      const { name, shape, dtype } = weight.spec;
      weights.set(name, { values: weightValues(weight), shape, dtype });
    }
  }
  return weights;
}

function toTensors(weights: ReadonlyMap<string, WeightValues>): WeightMap {
  return new Map([...weights].map(([name, { values, shape, dtype }]) => [name, tf.tensor(values, shape, dtype)]));
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8')) as unknown;
}

function unreadable(path: string, cause: unknown): FerError {
  return new FerError('WEIGHTS_MISSING', `weights in ${path} cannot be read; run npm install again`, { cause });
}

/**
 * Weights of one of face-api's networks.
 * @param name file name without ending, e.g. "tiny_face_detector_model"
 * @throws FerError WEIGHTS_MISSING
 */
export async function loadFaceApiWeights(name: string): Promise<WeightMap> {
  return toTensors(await readFaceApiWeights(name));
}

/** `loadFaceApiWeights`, but as numbers. @throws FerError WEIGHTS_MISSING */
export async function readFaceApiWeights(name: string): Promise<ReadonlyMap<string, WeightValues>> {
  const path = findInPackage('@vladmandic/face-api', `model/${name}-weights_manifest.json`);
  try {
    return await decodeGroups(path, (await readJson(path)) as WeightGroup[]);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** SHA-256 of the files of one of face-api's networks. @throws FerError WEIGHTS_MISSING */
export async function faceApiWeightsHash(name: string): Promise<string> {
  const path = findInPackage('@vladmandic/face-api', `model/${name}-weights_manifest.json`);
  return hashFiles(path, (json) => json as WeightGroup[]);
}

/** SHA-256 of the files of one of the networks in @vladmandic/human. @throws FerError WEIGHTS_MISSING */
export async function humanGraphHash(name: string): Promise<string> {
  const path = findInPackage('@vladmandic/human', `models/${name}.json`);
  return hashFiles(path, (json) => (json as { weightsManifest: WeightGroup[] }).weightsManifest);
}

async function hashFiles(path: string, groupsOf: (json: unknown) => readonly WeightGroup[]): Promise<string> {
  try {
    const names = groupsOf(await readJson(path)).flatMap(({ paths }) => paths);
    const files = await Promise.all(
      [path, ...names.map((name) => join(dirname(path), name))].map((one) => readFile(one)),
    );
    const hash = createHash('sha256');
    for (const file of files) hash.update(createHash('sha256').update(file).digest());
    return hash.digest('hex');
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** One operation of a TensorFlow graph as tfjs-converter writes it. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: Readonly<Record<string, GraphAttribute | undefined>>;
}

/** Only the kinds of attribute that our networks use; strings are base64. */
export interface GraphAttribute {
  readonly s?: string;
  readonly list?: { readonly i?: readonly string[]; readonly s?: readonly string[] };
}

/**
 * Graph and weights of one of the networks in the npm package @vladmandic/human.
 * @param name file name without ending, e.g. "blazeface"
 * @throws FerError WEIGHTS_MISSING
 */
export async function loadHumanGraph(name: string): Promise<{ nodes: readonly GraphNode[]; weights: WeightMap }> {
  const path = findInPackage('@vladmandic/human', `models/${name}.json`);
  try {
    const model = (await readJson(path)) as {
      modelTopology: { node: GraphNode[] };
      weightsManifest: WeightGroup[];
    };
    return { nodes: model.modelTopology.node, weights: toTensors(await decodeGroups(path, model.weightsManifest)) };
  } catch (error) {
    throw unreadable(path, error);
  }
}

/**
 * The tensor called `name`.
 * @throws FerError WEIGHTS_MISSING when the file does not hold it
 */
export function weight<R extends tf.Rank>(weights: WeightMap, name: string): tf.Tensor<R> {
  return weightIn(weights, name) as tf.Tensor<R>;
}

/** @throws FerError WEIGHTS_MISSING when the file does not hold it */
export function weightIn<T>(weights: ReadonlyMap<string, T>, name: string): T {
  const found = weights.get(name);
  if (found === undefined)
    throw new FerError('WEIGHTS_MISSING', `the weight file has no tensor "${name}"; its package version does not fit`);
  return found;
}

export function disposeWeights(weights: WeightMap): void {
  for (const tensor of weights.values()) tensor.dispose();
}
