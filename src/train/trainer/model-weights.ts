import { tf } from '../../model/tfjs.js';
import { FerError } from '../../errors/fer-error.js';
import type { WeightVectors } from '../records/training-state.js';

interface Place {
  readonly variable: tf.Variable;
  /** "layer/kernel" */
  readonly name: string;
  readonly layer: string;
  readonly offset: number;
}

/** Reads and writes a model's weights as flat lists. */
export class ModelWeights {
  private readonly trained: readonly Place[];
  private readonly moving: readonly Place[];
  readonly trainedLength: number;
  readonly movingLength: number;

  constructor(model: tf.LayersModel) {
    [this.trained, this.trainedLength] = lay(model, ({ trainableWeights }) => trainableWeights);
    [this.moving, this.movingLength] = lay(model, (layer) => (layer.trainable ? layer.nonTrainableWeights : []));
  }

  /** Those to differentiate by, in the order of the flat list. */
  get variables(): tf.Variable[] {
    return this.trained.map(({ variable }) => variable);
  }

  async read(): Promise<WeightVectors> {
    return { trained: await this.gather(this.trained), moving: await this.gather(this.moving) };
  }

  readMoving(): Promise<Float32Array> {
    return this.gather(this.moving);
  }

  write({ trained, moving }: WeightVectors): void {
    assign(this.trained, trained);
    assign(this.moving, moving);
  }

  writeMoving(moving: Float32Array): void {
    assign(this.moving, moving);
  }

  /** One number for each trained weight, by the layer's name and the weight's shape. [P] */
  perWeight(of: (layer: string, shape: readonly number[]) => number): Float32Array {
    const numbers = new Float32Array(this.trainedLength);
    for (const { layer, offset, variable } of this.trained)
      numbers.fill(of(layer, variable.shape), offset, offset + variable.size);
    return numbers;
  }

  /** Gradients by variable as one flat tensor, which is read from the engine at once. [P] */
  flatten(gradients: tf.NamedTensorMap): tf.Tensor1D {
    return tf.tidy(() =>
      tf.concat(
        this.trained.map(({ variable }) =>
          (gradients[variable.name] ?? tf.zerosLike(variable)).reshape<tf.Tensor1D>([-1]),
        ),
      ),
    );
  }

  private async gather(places: readonly Place[]): Promise<Float32Array> {
    if (places.length === 0) return new Float32Array(0);
    const flat = tf.tidy(() => tf.concat(places.map(({ variable }) => variable.reshape<tf.Tensor1D>([-1]))));
    try {
      return (await flat.data<'float32'>()).slice();
    } finally {
      flat.dispose();
    }
  }
}

function lay(model: tf.LayersModel, weightsOf: (layer: tf.layers.Layer) => tf.LayerVariable[]): [Place[], number] {
  let offset = 0;
  const places = model.layers.flatMap((layer) =>
    weightsOf(layer).map((weight) => {
      const variable: unknown = weight.read();
      if (!(variable instanceof tf.Variable)) throw new FerError('INTERNAL', `weight ${weight.name} is not a variable`);
      const place = { variable, name: `${layer.name}/${weight.originalName}`, layer: layer.name, offset };
      offset += variable.size;
      return place;
    }),
  );
  return [places, offset];
}

function assign(places: readonly Place[], values: Float32Array): void {
  for (const { variable, offset } of places) {
    const value = tf.tensor(values.slice(offset, offset + variable.size), variable.shape);
    variable.assign(value);
    value.dispose();
  }
}

/** A copy of the weights in shared memory, so that steps need not send them. */
export interface SharedWeights {
  /** [P] float32 */
  readonly trained: SharedArrayBuffer;
  /** [Q] float32 */
  readonly moving: SharedArrayBuffer;
}

/** @param trainedLength P @param movingLength Q */
export function allocateSharedWeights(trainedLength: number, movingLength: number): SharedWeights {
  const { BYTES_PER_ELEMENT } = Float32Array;
  return {
    trained: new SharedArrayBuffer(trainedLength * BYTES_PER_ELEMENT),
    moving: new SharedArrayBuffer(movingLength * BYTES_PER_ELEMENT),
  };
}

/** The same memory as flat lists. */
export function viewOf({ trained, moving }: SharedWeights): WeightVectors {
  return { trained: new Float32Array(trained), moving: new Float32Array(moving) };
}
