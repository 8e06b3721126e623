import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { tf } from '../tfjs.js';
import { writeFileAtomic } from '../../files/atomic-file.js';
import { makeOutputFolder } from '../../files/write-error.js';
import type { CheckpointInfo } from '../checkpoint/checkpoint-info.js';
import { EXPRESSIONS_7 } from '../label-set.js';
import { SHIPPED_MODELS, findModelFolder } from './model-folder.js';
import { locateModel } from './open-model.js';

/** ONNX for any ONNX runtime; TensorFlow.js layers, which need ferstream's own layers, for further training. */
export const EXPORT_FORMATS = ['onnx', 'tfjs'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportOptions {
  readonly format?: ExportFormat;
  /** Of the program that writes the files. */
  readonly version: string;
  /** Folder of the shipped models. */
  readonly models?: string;
}

/** A file in memory. */
export interface ExportedFile {
  readonly name: string;
  readonly content: Uint8Array;
}

/**
 * Writes the networks of a model into a folder: `frame.onnx` (image -> features, logits) and, for a clip model, `temporal.onnx`
 * (features -> logits of every frame), or `face-api.onnx`; as tfjs, a copy of the model folder.
 * @param nameOrFolder as for `openModel`
 * @returns paths of the files or folders
 * @throws FerError as `openModel` does, OUTPUT_UNWRITABLE
 */
export async function exportModel(
  nameOrFolder: string,
  output: string,
  { format = 'onnx', version, models = SHIPPED_MODELS }: ExportOptions,
): Promise<string[]> {
  const source = await locateModel(nameOrFolder, models);
  if ('folder' in source && format === 'tfjs') {
    const { copyModel } = await import('./copy-model.js');
    return copyModel(source.folder, output);
  }
  const files = 'folder' in source ? await modelToOnnx(source.folder, version) : [await faceApiToOnnx(version)];
  const written = await writeExported(files, output);
  // A part of an earlier export would belong to this one by its place.
  if (files.length === 1) await rm(join(output, 'temporal.onnx'), { force: true });
  return written;
}

/** Writes exported files into a folder. Returns their paths. */
export async function writeExported(files: readonly ExportedFile[], output: string): Promise<string[]> {
  await makeOutputFolder(output);
  for (const { name, content } of files) await writeFileAtomic(join(output, name), content);
  return files.map(({ name }) => join(output, name));
}

/** The networks of a model folder as ONNX files. */
export async function modelToOnnx(folder: string, version: string): Promise<ExportedFile[]> {
  const { frame, temporal } = await findModelFolder(folder);
  const files = [await checkpointToOnnx('frame', frame, ['features', 'logits'], version)];
  if (temporal !== null) files.push(await checkpointToOnnx('temporal', temporal, ['logits'], version));
  return files;
}

async function checkpointToOnnx(
  kind: CheckpointInfo['kind'],
  folder: string,
  outputs: readonly string[],
  version: string,
): Promise<ExportedFile> {
  const { loadCheckpoint } = await import('../checkpoint/checkpoint.js');
  const { layersModelToOnnx } = await import('../onnx/to-onnx.js');
  const { model, info } = await loadCheckpoint(folder, { kind });
  try {
    const description = { name: info.network, version, metadata: metadataOf(info) };
    return { name: `${kind}.onnx`, content: await layersModelToOnnx(model, outputs, description) };
  } finally {
    model.dispose();
  }
}

/** Metadata for programs that use the network. */
function metadataOf({
  labelSet,
  crop,
  temperature = 1,
  flipTta = false,
  clipFrames,
  priors,
}: CheckpointInfo): Record<string, string> {
  return {
    labels: labelSet.labels.join(','),
    crop: JSON.stringify(crop),
    temperature: String(temperature),
    flipTta: String(flipTta),
    ...(clipFrames !== undefined && { clipFrames: String(clipFrames) }),
    ...(priors !== undefined && { priors: JSON.stringify(priors) }),
  };
}

async function faceApiToOnnx(version: string): Promise<ExportedFile> {
  const { FaceExpressionNet, FACE_EXPRESSION_INPUT_SIZE } = await import('../pretrained/face-api-nets.js');
  const { functionToOnnx } = await import('../onnx/to-onnx.js');
  const net = await FaceExpressionNet.load();
  try {
    const size = FACE_EXPRESSION_INPUT_SIZE;
    const content = functionToOnnx(
      (image) => [net.logits(image as tf.Tensor4D)],
      [{ name: 'image', shape: ['batch', size, size, 3] }],
      ['logits'],
      { name: 'FaceExpressionNet', version, metadata: { labels: EXPRESSIONS_7.labels.join(',') } },
    );
    return { name: 'face-api.onnx', content };
  } finally {
    net.dispose();
  }
}
