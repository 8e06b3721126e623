import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { tf } from '../tfjs.js';

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
      const weights = joined(artifacts.weightData);
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
export async function weightFiles(folder: string): Promise<string[]> {
  const { weightsManifest } = await readModelJson(folder);
  return weightsManifest.flatMap(({ paths }) => paths);
}

async function readModelJson(folder: string): Promise<ModelJson> {
  return JSON.parse(await readFile(join(folder, TOPOLOGY_FILE), 'utf8')) as ModelJson;
}

function joined(data: tf.io.WeightData | undefined): Buffer {
  if (data === undefined) return Buffer.alloc(0);
  return Buffer.concat((Array.isArray(data) ? data : [data]).map((part) => Buffer.from(part)));
}
