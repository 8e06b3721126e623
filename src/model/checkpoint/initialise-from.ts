import type { tf } from '../tfjs.js';

/** What was copied. Names are "layer/weight", e.g. "stem_conv/kernel". */
export interface Initialised {
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
