import { FerError } from '../../errors/fer-error.js';
import {
  describeInitialised,
  initialiseFrom,
  loadCheckpoint,
  readCheckpointInfo,
} from '../../model/checkpoint/checkpoint.js';
import { DEFAULT_CROP } from '../../model/crop-geometry.js';
import type { CropGeometry } from '../../model/crop-geometry.js';
import { FRAME_PART, trainedPart } from '../../model/heads/model-folder.js';
import type { LabelSet } from '../../model/label-set.js';
import { ensembleClassifiers, frameClassifier, isHead } from '../../model/networks/classifier.js';
import { compactResidualNet, resNet18 } from '../../model/networks/residual-net.js';
import { faceResNet } from '../../model/networks/face-resnet.js';
import { tf } from '../../model/tfjs.js';
import type { NetworkConfig } from '../config/train-config.js';

/** Lines on weights that do not fit; a network of another width has dozens. */
const EXAMPLES = 6;

/**
 * Gives a network the weights of a checkpoint wherever they fit, and says what did not. In the last layer, classes are matched by label; those that the
 * checkpoint does not have keep their random weights.
 * @param labels the classes of the network
 * @throws FerError MODEL_INCOMPATIBLE where nothing does: training would silently begin at random; and what reading a checkpoint throws
 */
export async function startFrom(
  model: tf.LayersModel,
  checkpoint: string,
  labels: LabelSet,
  onMessage: (line: string) => void = () => undefined,
): Promise<void> {
  const { model: from, info } = await loadCheckpoint(checkpoint);
  try {
    const [here, there] = [labels.labels, info.labelSet.labels];
    const isSame = here.join('\n') === there.join('\n');
    // What is not trained has been given its weights.
    const kept = model.layers.filter(({ name, trainable }) => !trainable || (!isSame && isHead(name)));
    const initialised = initialiseFrom(
      model,
      from,
      kept.map(({ name }) => name),
    );
    // Classifiers with the same number of classes share the shape of the last bias, whatever comes before it.
    if (initialised.matched.every(isHead)) {
      throw new FerError(
        'MODEL_INCOMPATIBLE',
        `init: no weight of ${checkpoint} fits this network: ${remedy(info.recipe.config)}, or leave "init" out`,
      );
    }
    const [count = '', ...others] = describeInitialised(initialised);
    const rest = others.length - EXAMPLES;
    const classes = isSame ? [] : [classesLine(here, there, copyClasses(model, from, here, there))];
    for (const line of [count, ...classes, ...others.slice(0, EXAMPLES), ...(rest > 0 ? [`and ${rest} more`] : [])])
      onMessage(line);
  } finally {
    from.dispose();
  }
}

/** @param config the settings that the checkpoint was trained with */
function remedy(config: unknown): string {
  const network = typeof config === 'object' && config !== null && 'network' in config ? config.network : null;
  return network === null ? 'give it the network of that model' : `set "network": ${JSON.stringify(network)}`;
}

/**
 * Copies the weights of the last layers for the classes that both networks have.
 * @returns these classes; none where the layers have other inputs
 */
function copyClasses(
  model: tf.LayersModel,
  from: tf.LayersModel,
  here: readonly string[],
  there: readonly string[],
): readonly string[] {
  const known = here.filter((label) => there.includes(label));
  const heads = model.layers.filter(({ name, trainable, weights }) => trainable && isHead(name) && weights.length > 0);
  const copied = heads.map((layer) => {
    const other = from.layers.find(({ name }) => name === layer.name);
    if (other?.weights.length !== layer.weights.length) return false;
    return tf.tidy(() => {
      const theirs = other.getWeights(); // [D, classes there] and [classes there]
      const own = layer.getWeights(); // [D, classes here] and [classes here]
      const inputs = ({ shape }: tf.Tensor): string => shape.slice(0, -1).join();
      if (own.some((weight, i) => inputs(weight) !== inputs(theirs[i]!))) return false;
      const columns = here.map((label, i) => (known.includes(label) ? here.length + there.indexOf(label) : i));
      const chosen = own.map((weight, i) =>
        tf.gather(tf.concat([weight, theirs[i]!], -1), columns, weight.shape.length - 1),
      );
      // As new tensors: wasm takes a gathered vector for one of rank 4, which no dense layer takes as its bias.
      layer.setWeights(chosen.map((weight) => tf.tensor(weight.dataSync(), weight.shape)));
      return true;
    });
  });
  return copied.includes(true) ? known : [];
}

function classesLine(here: readonly string[], there: readonly string[], copied: readonly string[]): string {
  if (copied.length === 0)
    return `the last layer starts with random weights: its classes there are ${there.join(', ')}, here ${here.join(', ')}`;
  const others = here.filter((label) => !copied.includes(label));
  return `last layer taken over for ${copied.join(', ')}${others.length === 0 ? '' : `; random weights for ${others.join(', ')}`}`;
}

export type FrameNetworkConfig = Exclude<NetworkConfig, { name: 'temporal' }>;
type EnsembleConfig = Extract<NetworkConfig, { name: 'ensemble' }>;

/**
 * How faces are cut for a network: always the same places for eyes and mouth, at any size; for an ensemble as for its members.
 * @throws FerError WEIGHTS_MISSING where a member is not a model
 */
export async function geometryOf(network: FrameNetworkConfig): Promise<CropGeometry> {
  if (network.name === 'ensemble')
    return (await readCheckpointInfo(await trainedPart(network.members[0]!, FRAME_PART))).crop;
  return { ...DEFAULT_CROP, size: network.size, channels: network.name === 'resnet18' ? 3 : network.channels };
}

/**
 * A frame classifier with its initial weights; an ensemble has those of its members. [B, S, S, C] -> logits [B, classes]
 * @param crop how its faces are cut (geometryOf)
 * @throws FerError WEIGHTS_MISSING, MODEL_INCOMPATIBLE where members do not fit one another or the labels
 */
export async function buildFrameNetwork(
  network: FrameNetworkConfig,
  labels: LabelSet,
  crop: CropGeometry,
  seed: number,
): Promise<tf.LayersModel> {
  if (network.name === 'ensemble') return await buildEnsemble(network, labels, crop);
  return frameClassifier(frameEncoder(network, seed), { classes: labels.size, dropout: network.dropout, seed });
}

function frameEncoder(network: Exclude<FrameNetworkConfig, EnsembleConfig>, seed: number): tf.LayersModel {
  switch (network.name) {
    case 'compact':
      return compactResidualNet({ ...network, seed });
    case 'resnet18':
      return resNet18({ ...network, seed });
    case 'face-resnet':
      return faceResNet({ ...network, seed });
  }
}

async function buildEnsemble(network: EnsembleConfig, labels: LabelSet, crop: CropGeometry): Promise<tf.LayersModel> {
  const members: tf.LayersModel[] = [];
  try {
    for (const folder of network.members)
      members.push(
        (await loadCheckpoint(await trainedPart(folder, FRAME_PART), { kind: 'frame', labels, crop })).model,
      );
    return await ensembleClassifiers(members, network.weights ?? undefined);
  } finally {
    for (const member of members) member.dispose();
  }
}
