/** Moments of the gradients so far, and how many steps they hold. All of a parameter vector's length [P]. */
export interface AdamState {
  readonly first: Float32Array;
  readonly second: Float32Array;
  /** Steps taken. */
  steps: number;
}

export interface AdamSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Strength of the weight decay. */
  readonly weightDecay: number;
  /** AdamW: decay the weights by themselves. Else (Adam with L2) the decay is part of the gradient, and scaled as it is. */
  readonly decoupled: boolean;
}

export function adamState(length: number): AdamState {
  return { first: new Float32Array(length), second: new Float32Array(length), steps: 0 };
}

/**
 * One step of Adam (Kingma and Ba, 2015, algorithm 1) or AdamW (Loshchilov and Hutter, 2019, algorithm 2), in place:
 *
 *     m = b1 m + (1 - b1) g      v = b2 v + (1 - b2) g^2      w -= rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
 *
 * On plain numbers: a network of this size takes a millisecond, it is the same on every engine, and its state is saved as it lies in memory.
 *
 * @param weights [P]
 * @param gradient [P]
 * @param rates learning rate of each weight, as a multiple of `learningRate` [P]
 * @param decays multiple of the weight decay for each weight [P]
 */
export function adamStep(
  weights: Float32Array,
  gradient: Float32Array,
  state: AdamState,
  learningRate: number,
  { beta1, beta2, epsilon, weightDecay, decoupled }: AdamSettings,
  rates: Float32Array,
  decays: Float32Array,
): void {
  state.steps += 1;
  const { first, second, steps } = state;
  const correction1 = 1 - beta1 ** steps;
  const correction2 = 1 - beta2 ** steps;
  for (let i = 0; i < weights.length; i += 1) {
    const decay = weightDecay * decays[i]!;
    const rate = learningRate * rates[i]!;
    const w = weights[i]!;
    const g = decoupled ? gradient[i]! : gradient[i]! + decay * w;
    const m = beta1 * first[i]! + (1 - beta1) * g;
    const v = beta2 * second[i]! + (1 - beta2) * g * g;
    first[i] = m;
    second[i] = v;
    const step = (rate * (m / correction1)) / (Math.sqrt(v / correction2) + epsilon);
    weights[i] = w - step - (decoupled ? rate * decay * w : 0);
  }
}
