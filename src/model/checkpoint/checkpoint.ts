import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FerError } from '../../errors/fer-error.js';
import { replaceFolder } from '../../files/replace-folder.js';
import type { CropGeometry } from '../crop-geometry.js';
import { isSameCrop } from '../crop-geometry.js';
import { storedWeights, weightValues } from '../stored-weights.js';
import type { LabelSet } from '../label-set.js';
import { requireEngine, tf } from '../tfjs.js';
import {
  INFO_FILE,
  TOPOLOGY_FILE,
  WEIGHTS_FILE,
  digestFiles,
  folderHandler,
  verifyFiles,
  verifyWeights,
  weightBytes,
} from './checkpoint-files.js';
import { CHECKPOINT_FORMAT, parseCheckpointInfo } from './checkpoint-info.js';
import type { CheckpointDescription, CheckpointInfo } from './checkpoint-info.js';

/** Copied weights, named "layer/weight", such as "stem_conv/kernel". */
interface Initialised {
  /** Copied. */
  readonly matched: readonly string[];
  /** Not in the other model: unchanged. */
  readonly missing: readonly string[];
  /** Different shape there: unchanged. */
  readonly mismatched: readonly {
    readonly name: string;
    readonly shape: readonly (number | null)[];
    readonly found: readonly (number | null)[];
  }[];
}

/**
 * Initialises a model from another one: weights with the same layer name, weight name and shape are copied. Use it to give a frame
 * encoder another classifier or label set.
 * @param except layers to leave unchanged and out of the lists
 */
export function initialiseFrom(
  model: tf.LayersModel,
  from: tf.LayersModel,
  except: readonly string[] = [],
): Initialised {
  const offered = namedWeights(from);
  const matched: string[] = [];
  const missing: string[] = [];
  const mismatched: { name: string; shape: (number | null)[]; found: (number | null)[] }[] = [];
  for (const [name, weight] of namedWeights(model)) {
    if (except.includes(name.slice(0, name.lastIndexOf('/')))) continue;
    const other = offered.get(name);
    if (!other) missing.push(name);
    else if (other.shape.join() !== weight.shape.join())
      mismatched.push({ name, shape: weight.shape, found: other.shape });
    else {
      weight.write(other.read());
      matched.push(name);
    }
  }
  return { matched, missing, mismatched };
}

/** Lines to print: the number of copied weights and their layers, then every weight that was not copied. */
export function describeInitialised({ matched, missing, mismatched }: Initialised): string[] {
  const layers = [...new Set(matched.map((name) => name.slice(0, name.lastIndexOf('/'))))];
  return [
    `${matched.length} of ${matched.length + missing.length + mismatched.length} weights taken over${layers.length === 0 ? '' : `: ${layers.join(', ')}`}`,
    ...mismatched.map(
      ({ name, shape, found }) =>
        `not taken over: ${name} is [${shape.join(', ')}] here and [${found.join(', ')}] there`,
    ),
    ...missing.map((name) => `not there: ${name}`),
  ];
}

function namedWeights(model: tf.LayersModel): Map<string, tf.LayerVariable> {
  // A layer's variables are named "layer/kernel", or "kernel" by layers that do not prefix them.
  return new Map(
    model.layers.flatMap((layer) =>
      layer.weights.map((weight) => [`${layer.name}/${weight.originalName.replace(/^.*\//, '')}`, weight] as const),
    ),
  );
}

/** Requirements of the caller; omitted properties may have any value. */
interface CheckpointWanted {
  readonly kind?: CheckpointInfo['kind'];
  /** Labels and order must match; the name of the set need not. */
  readonly labels?: LabelSet;
  readonly crop?: CropGeometry;
}

export interface Checkpoint {
  readonly model: tf.LayersModel;
  readonly info: CheckpointInfo;
}

/**
 * Reads the description only, not the weights.
 * @throws FerError WEIGHTS_MISSING without a checkpoint, MODEL_INCOMPATIBLE if it does not meet the requirements.
 */
export async function readCheckpointInfo(folder: string, wanted: CheckpointWanted = {}): Promise<CheckpointInfo> {
  const path = join(folder, INFO_FILE);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new FerError(
      'WEIGHTS_MISSING',
      `checkpoint ${folder}: ${missing ? `it has no ${INFO_FILE}` : `${INFO_FILE} cannot be read`}; give the folder of a model trained with ferstream`,
      {
        cause: error,
      },
    );
  }
  const info = parseCheckpointInfo(json, path);
  assertFits(info, wanted, folder);
  return info;
}

/**
 * Loads what saveCheckpoint wrote. The caller disposes the model.
 * @param options.forInference loads faster; the model must not be saved or trained
 * @throws FerError WEIGHTS_MISSING when files are missing or damaged, MODEL_INCOMPATIBLE when it cannot be used as wanted.
 */
export async function loadCheckpoint(
  folder: string,
  wanted: CheckpointWanted = {},
  { forInference = false }: { readonly forInference?: boolean } = {},
): Promise<Checkpoint> {
  const info = await readCheckpointInfo(folder, wanted);
  await verifyFiles(folder, info);
  requireEngine();
  // Its layers load TensorFlow.js, which descriptions of checkpoints do without.
  const { withZeroWeights } = await import('../networks/topology.js');
  try {
    const artifacts = await folderHandler(folder).load!();
    const { modelTopology, weightSpecs = [] } = artifacts;
    const data = weightBytes(artifacts.weightData);
    verifyWeights(folder, artifacts);
    const loaded: tf.io.ModelArtifacts = {
      ...artifacts,
      weightSpecs: weightSpecs.map(({ quantization: _, ...spec }) => spec),
      weightData: storedWeights(weightSpecs, data).map((weight) => weightValues(weight).buffer),
      ...(forInference && modelTopology !== undefined && { modelTopology: withZeroWeights(modelTopology) }),
    };
    return { model: await tf.loadLayersModel(tf.io.fromMemory(loaded)), info };
  } catch (error) {
    if (error instanceof FerError) throw error;
    const why = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
    throw new FerError(
      'WEIGHTS_MISSING',
      `checkpoint ${folder}: the network cannot be loaded (${why}); copy the folder again`,
      { cause: error },
    );
  }
}

function assertFits(info: CheckpointInfo, { kind, labels, crop }: CheckpointWanted, folder: string): void {
  const refuse = (has: string, want: string, fix: string): never => {
    throw new FerError('MODEL_INCOMPATIBLE', `checkpoint ${folder} ${has}, wanted: ${want}; ${fix}`);
  };
  if (kind !== undefined && kind !== info.kind)
    refuse(`is a ${info.kind} network`, `a ${kind} network`, 'use the other one');
  const own = info.labelSet;
  if (labels && (own.labels.length !== labels.size || own.labels.some((label, i) => label !== labels.labels[i]))) {
    refuse(
      `has label set "${own.name}" (${own.labels.join(', ')})`,
      `"${labels.name}" (${labels.labels.join(', ')})`,
      'use a model trained on that label set, or use it as initial weights only (--init)',
    );
  }
  if (crop && !isSameCrop(info.crop, crop))
    refuse(
      `was trained on crops of ${describeCrop(info.crop)}`,
      describeCrop(crop),
      'crop the faces as it expects, or train again',
    );
}

function describeCrop({ size, channels, eyes, mouth }: CropGeometry): string {
  return `${size}x${size} pixels, ${channels === 1 ? 'grey' : 'colour'}, eyes at (${eyes.x}, ${eyes.y}), mouth at (${mouth.x}, ${mouth.y})`;
}

/**
 * Writes a model as a folder: `model.json` and `weights.bin` in TensorFlow.js' standard layout, and `ferstream.json` with their
 * checksums. The folder appears
 * complete or not at all, and replaces an older checkpoint.
 *
 * @throws FerError MODEL_INCOMPATIBLE when `info` does not describe the model, OUTPUT_UNWRITABLE when the folder cannot be written.
 */
export async function saveCheckpoint(
  model: tf.LayersModel,
  folder: string,
  info: CheckpointDescription,
): Promise<void> {
  const complete = parseCheckpointInfo(
    { format: CHECKPOINT_FORMAT, files: {}, ...info },
    `the description of checkpoint ${folder}`,
  );
  const outputs = model.outputs[0]!.shape.at(-1);
  if (outputs !== info.labelSet.labels.length) {
    throw new FerError(
      'MODEL_INCOMPATIBLE',
      `checkpoint ${folder}: the model has ${outputs ?? 'no'} outputs, label set "${info.labelSet.name}" has ${info.labelSet.labels.length} labels; use the label set it was built for`,
    );
  }
  await replaceFolder(folder, { marker: INFO_FILE, replace: true }, async (scratch) => {
    await model.save(folderHandler(scratch));
    const described = { ...complete, files: await digestFiles(scratch) };
    await writeFile(join(scratch, INFO_FILE), `${JSON.stringify(described, null, 2)}\n`);
    for (const file of [WEIGHTS_FILE, TOPOLOGY_FILE, INFO_FILE]) await flush(join(scratch, file));
  });
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
