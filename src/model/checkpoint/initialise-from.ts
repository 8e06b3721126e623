import type * as tf from '@tensorflow/tfjs';

/** What became of a model's weights. Names are "layer/weight", e.g. "stem_conv/kernel". */
export interface Initialised {
  /** Taken over. */
  readonly matched: readonly string[];
  /** The other model has none of that name: left as they were. */
  readonly missing: readonly string[];
  /** Of another shape there: left as they were. */
  readonly mismatched: readonly {
    readonly name: string;
    readonly shape: readonly (number | null)[];
    readonly found: readonly (number | null)[];
  }[];
}

/**
 * Starts a model from another one's weights: every weight whose layer and own name are the same and whose shape fits is copied.
 * So a frame encoder goes on with another classifier, or with another label set.
 * @param except layers that stay as they are, whatever fits, and are in no list
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

/** The lines to print: how many weights were taken over and of which layers, then every one that was not. */
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
