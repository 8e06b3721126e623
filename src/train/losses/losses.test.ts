import { tf } from '../../model/tfjs.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { FerError } from '../../errors/fer-error.js';
import { openBackend } from '../../model/engines/open-backend.js';
import { crossEntropy } from './cross-entropy.js';
import { dnfer, symmetricKlBits } from './dnfer.js';
import { jsd } from './jsd.js';
import { nawCrossEntropy, nawWeights } from './naw.js';
import { NAW_PARAMETERS, nawSchedule } from './naw-bell.js';
import { nla } from './nla.js';
import { vNaw } from './v-naw.js';

beforeAll(async () => {
  await openBackend();
});

const Z = [
  [2, 0.5, -1],
  [0.1, 0.2, 0.3],
  [-2, 1, 0],
  [1, 1.5, -0.5],
];
const Z_FLIPPED = [
  [1.5, 0.5, -1],
  [0.3, -0.2, 0.3],
  [-1, 1, 1],
  [1, 0.5, -0.5],
];
const Y = [0, 2, 0, 1];
const logits = (): tf.Tensor2D => tf.tensor2d(Z);
const flipped = (): tf.Tensor2D => tf.tensor2d(Z_FLIPPED);
const clips = (frames: tf.Tensor2D): tf.Tensor3D => frames.reshape([2, 2, 3]);
const labels = (): tf.Tensor1D => tf.tensor1d(Y, 'int32');
const NLA = { parameters: NAW_PARAMETERS.nla, epsilon: 0.6 };
const V_NAW = { parameters: NAW_PARAMETERS['v-naw'], epsilon: 0.6 };

/** Posteriors in double precision. */
const softmax = (z: readonly number[]): number[] => {
  const exps = z.map((x) => Math.exp(x));
  const sum = exps.reduce((a, b) => a + b);
  return exps.map((x) => x / sum);
};
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const CE = Z.map((z, i) => -Math.log(softmax(z)[Y[i]!]!));

describe('cross entropy', () => {
  it("is -log of the label's posterior", () => {
    tf.tidy(() => {
      const { loss, perSample } = crossEntropy(logits(), labels());
      CE.forEach((value, i) => {
        expect(perSample.dataSync()[i]).toBeCloseTo(value, 5);
      });
      expect(loss.dataSync()[0]).toBeCloseTo(mean(CE), 5);
    });
  });

  it('spreads smoothed labels evenly', () => {
    tf.tidy(() => {
      const { perSample } = crossEntropy(logits(), labels(), { labelSmoothing: 0.3 });
      Z.forEach((z, i) => {
        const logP = softmax(z).map(Math.log);
        expect(perSample.dataSync()[i]).toBeCloseTo(-0.7 * logP[Y[i]!]! - 0.1 * logP.reduce((a, b) => a + b), 5);
      });
    });
  });

  it('divides by the class weights that are there', () => {
    tf.tidy(() => {
      const weights = [1, 5, 0.5];
      const w = Y.map((y) => weights[y]!);
      const expected = CE.reduce((sum, value, i) => sum + value * w[i]!, 0) / w.reduce((a, b) => a + b);
      expect(crossEntropy(logits(), labels(), { classWeights: weights }).loss.dataSync()[0]).toBeCloseTo(expected, 5);
    });
  });

  it('takes votes of any number, and one-hot votes are labels', () => {
    tf.tidy(() => {
      const votes = tf.tensor2d([
        [10, 0, 0],
        [0, 0, 3],
        [1, 0, 0],
        [0, 2, 0],
      ]);
      expect(crossEntropy(logits(), votes).loss.dataSync()[0]).toBeCloseTo(mean(CE), 5);
      const split = crossEntropy(tf.tensor2d([Z[0]!]), tf.tensor2d([[6, 2, 0]])).loss.dataSync()[0];
      const p = softmax(Z[0]!);
      expect(split).toBeCloseTo(-0.75 * Math.log(p[0]!) - 0.25 * Math.log(p[1]!), 5);
    });
  });

  it('leaves samples without a label out of the mean', () => {
    tf.tidy(() => {
      const some = crossEntropy(logits(), tf.tensor1d([0, -1, 0, -1], 'int32'));
      expect(some.loss.dataSync()[0]).toBeCloseTo((CE[0]! + CE[2]!) / 2, 5);
      expect(some.perSample.dataSync()[1]).toBeCloseTo(0, 12);
      expect(crossEntropy(logits(), tf.tensor1d([-1, -1, -1, -1], 'int32')).loss.dataSync()[0]).toBeCloseTo(0, 12);
      const votes = tf.tensor2d([
        [1, 0, 0],
        [0, 0, 0],
        [1, 0, 0],
        [0, 0, 0],
      ]);
      expect(crossEntropy(logits(), votes).loss.dataSync()[0]).toBeCloseTo((CE[0]! + CE[2]!) / 2, 5);
    });
  });

  it('keeps the small loss of a sample the network is sure of', () => {
    tf.tidy(() => {
      const { perSample } = crossEntropy(tf.tensor2d([[12, 0, 0]]), tf.tensor1d([0], 'int32'));
      expect(perSample.dataSync()[0]! / Math.log1p(2 * Math.exp(-12))).toBeCloseTo(1, 4);
    });
  });

  it('names what does not fit', () => {
    tf.tidy(() => {
      expect(() => crossEntropy(logits(), tf.tensor1d([0, 1], 'int32'))).toThrow(
        /labels \[2\] do not fit logits \[4, 3\]/,
      );
      expect(() => crossEntropy(tf.ones<tf.Rank.R2>([4, 1]), labels())).toThrow(FerError);
      expect(() => crossEntropy(logits(), labels(), { labelSmoothing: 1 })).toThrow(/labelSmoothing is 1/);
      expect(() => crossEntropy(logits(), labels(), { classWeights: [1, 2] })).toThrow(/must be 3 numbers/);
      expect(() => jsd(logits(), tf.ones([1, 3]))).toThrow(/differ in shape/);
      expect(() => vNaw(tf.ones([2, 3, 4]), tf.ones([2, 3, 4]), tf.ones<tf.Rank.R2>([3, 2]), { naw: V_NAW })).toThrow(
        /give \[B, T\]/,
      );
    });
  });
});

describe('NAW', () => {
  it('its schedule rises from 0 to 1', () => {
    expect(nawSchedule(0, 60, -15)).toBeCloseTo(0, 12);
    expect(nawSchedule(1, 60, -15)).toBeCloseTo(1 - Math.exp(-0.25), 12);
    expect(nawSchedule(60, 60, -15)).toBeGreaterThan(0.999999);
    expect(() => nawSchedule(0, 0, -15)).toThrow(FerError);
  });

  it('has its peak, 1, on an even tie of V-NAW', () => {
    tf.tidy(() => {
      const w = nawWeights(tf.tensor2d([[60, 60, -60]]), tf.tensor1d([1], 'int32'), V_NAW);
      expect(w.truthOnTop.dataSync()[0]).toBe(1);
      expect(w.weight.dataSync()[0]).toBeCloseTo(1, 6);
    });
  });

  it('weighs by hand what it weighs by tensor', () => {
    tf.tidy(() => {
      const w = nawWeights(logits(), labels(), NLA);
      Z.forEach((z, i) => {
        const p = softmax(z);
        const truth = p[Y[i]!]!;
        const nearest = Math.max(...p.filter((_, k) => k !== Y[i]));
        const [mu, v, c] =
          truth >= nearest
            ? ([[0.5, 0.5], 0.8, 0.6 * -0.48] as const)
            : ([[0.3, 0.15], 0.91 ** 2 * (1 + 1 / 36), 0.91 ** 2 * (1 - 1 / 36)] as const);
        const [dx, dy, det] = [truth - mu[0], nearest - mu[1], v * v - c * c];
        const expected =
          Math.exp((-0.5 * (v * dx * dx - 2 * c * dx * dy + v * dy * dy)) / det) / (2 * Math.PI * Math.sqrt(det));
        expect(w.weight.dataSync()[i]).toBeCloseTo(expected, 5);
        expect(w.truth.dataSync()[i]).toBeCloseTo(truth, 5);
        expect(w.nearest.dataSync()[i]).toBeCloseTo(nearest, 5);
      });
    });
  });

  it('detached, it has the same value, and the gradient of cross entropy with constant weights', () => {
    tf.tidy(() => {
      const detached = { ...NLA, detachWeights: true };
      const whole = nawCrossEntropy(logits(), labels(), NLA);
      expect(nawCrossEntropy(logits(), labels(), detached).loss.dataSync()[0]).toBe(whole.loss.dataSync()[0]);
      const gradient = tf.grad((z) => nawCrossEntropy(z as tf.Tensor2D, labels(), detached).loss)(logits());
      const weight = whole.weight.dataSync();
      Z.forEach((z, i) => {
        softmax(z).forEach((p, k) => {
          expect(gradient.dataSync()[i * 3 + k]).toBeCloseTo((weight[i]! * (p - (k === Y[i] ? 1 : 0))) / 4, 5);
        });
      });
    });
  });

  it('refuses a covariance matrix that is none', () => {
    tf.tidy(() => {
      expect(() =>
        nawWeights(logits(), labels(), { parameters: { ...NLA.parameters, covF: 0.9 }, epsilon: 1 }),
      ).toThrow(/are not a Gaussian/);
    });
  });
});

describe('the whole methods', () => {
  it('NLA = lambda mean((1 + w) CE) + (1 - lambda) JSD', () => {
    tf.tidy(() => {
      for (const consistency of ['paper', 'released-code'] as const) {
        const r = nla(logits(), flipped(), labels(), { naw: NLA, lambda: 0.3, consistency });
        const weight = [...r.weight.dataSync()];
        const supervised = mean(CE.map((ce, i) => (1 + weight[i]!) * ce));
        const apart = jsd(logits(), flipped(), consistency).loss.dataSync()[0]!;
        expect(r.supervised.dataSync()[0]).toBeCloseTo(supervised, 5);
        expect(r.consistency.dataSync()[0]).toBeCloseTo(apart, 6);
        expect(r.meanCrossEntropy.dataSync()[0]).toBeCloseTo(mean(CE), 5);
        expect(r.loss.dataSync()[0]).toBeCloseTo(0.3 * supervised + 0.7 * apart, 5);
      }
    });
  });

  it('V-NAW = a mean(CE) + (1 - a) mean(w CE) + b JSD over all frames', () => {
    tf.tidy(() => {
      const r = vNaw(clips(logits()), clips(flipped()), tf.tensor2d(Y, [2, 2], 'int32'), {
        naw: V_NAW,
        a: 0.25,
        b: 0.7,
      });
      const weight = [...r.weight.dataSync()];
      const weighted = mean(CE.map((ce, i) => weight[i]! * ce));
      expect(r.loss.dataSync()[0]).toBeCloseTo(
        0.25 * mean(CE) + 0.75 * weighted + 0.7 * jsd(logits(), flipped()).loss.dataSync()[0]!,
        5,
      );
    });
  });

  it('V-NAW: a frame without a label counts for consistency only', () => {
    tf.tidy(() => {
      const r = vNaw(clips(logits()), clips(flipped()), tf.tensor2d([0, -1, -1, 1], [2, 2], 'int32'), { naw: V_NAW });
      expect(r.meanCrossEntropy.dataSync()[0]).toBeCloseTo((CE[0]! + CE[3]!) / 2, 5);
      expect(r.consistency.dataSync()[0]).toBeCloseTo(jsd(logits(), flipped()).loss.dataSync()[0]!, 6);
    });
  });

  it('DNFER warms up on all samples, both views, without consistency', () => {
    tf.tidy(() => {
      const r = dnfer(logits(), flipped(), labels(), { warmUp: true });
      const both = (mean(CE) + crossEntropy(flipped(), labels()).loss.dataSync()[0]!) / 2;
      expect(r.loss.dataSync()[0]).toBeCloseTo(both, 5);
      expect([...r.weak.clean.dataSync()]).toEqual([1, 1, 1, 1]);
      expect(r.consistency.dataSync()[0]).toBeGreaterThan(0);
      const strongOnly = tf.grads((a, b) => dnfer(a as tf.Tensor2D, b as tf.Tensor2D, labels(), { warmUp: true }).loss)(
        [logits(), flipped()],
      )[1]!;
      expect(strongOnly.abs().sum().dataSync()[0]).toBeGreaterThan(0.1);
    });
  });

  it('DNFER: no clean sample, no supervised loss', () => {
    tf.tidy(() => {
      // Each sample's label is the class the other one is sure of.
      const z = tf.tensor2d([
        [9, 0, 0],
        [0, 9, 0],
      ]);
      const r = dnfer(z, z, tf.tensor1d([1, 0], 'int32'));
      expect([...r.weak.clean.dataSync(), ...r.strong.clean.dataSync()]).toEqual([0, 0, 0, 0]);
      expect(r.loss.dataSync()[0]).toBeCloseTo(0, 12);
    });
  });

  it('DNFER: where all samples look alike, rounding does not choose', () => {
    tf.tidy(() => {
      const z = tf.tile<tf.Tensor2D>(tf.tensor2d([[0.1, 0.7, -0.3]]), [7, 1]);
      expect([...dnfer(z, z, tf.tensor1d([0, 1, 2, 0, 1, 2, 0], 'int32')).weak.clean.dataSync()]).toEqual([
        1, 1, 1, 1, 1, 1, 1,
      ]);
    });
  });

  it('symmetric KL of a coin: by hand', () => {
    tf.tidy(() => {
      const a = tf.tensor2d([[Math.log(3), 0]]); // 3/4, 1/4
      const b = tf.tensor2d([[0, Math.log(3)]]); // 1/4, 3/4
      expect(symmetricKlBits(a, b).dataSync()[0]).toBeCloseTo(Math.log2(3), 5);
    });
  });

  it('the parts can be logged from a training step, and nothing is left behind', () => {
    const before = tf.memory().numTensors;
    const w = tf.tidy(() =>
      tf.variable(
        tf.tensor2d([
          [1, 2],
          [0, 1],
          [-1, 0],
        ]),
      ),
    );
    const x = tf.tensor2d([
      [1, 0, 1],
      [0, 1, 1],
    ]);
    const y = tf.tensor1d([0, 1], 'int32');
    const step = (): number => {
      let consistency: tf.Scalar | undefined;
      const { value, grads } = tf.variableGrads(() => {
        const z: tf.Tensor2D = tf.matMul(x, w);
        const r = nla(z, tf.mul(z, 0.5), y, { naw: NLA });
        consistency = tf.keep(r.consistency);
        return r.loss;
      });
      const logged = consistency!.dataSync()[0]!;
      tf.dispose([value, grads, consistency!]);
      return logged;
    };
    expect(step()).toBeGreaterThan(0);
    const afterOne = tf.memory().numTensors;
    step();
    expect(tf.memory().numTensors).toBe(afterOne);
    tf.dispose([w, x, y]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
