import * as z from 'zod';
import { FACE_RESNET_SIDES } from '../../model/networks/face-resnet.js';
import { JSD_VARIANTS } from '../losses/jsd.js';
import { nawParameters } from '../losses/naw-bell.js';
import { SAMPLERS } from './sampler.js';

const share = z.number().min(0).max(1);
/** Of pictures. */
export const channels = z.literal([1, 3], 'give 1 (grey) or 3 (colour)');
/** A share that leaves something. */
const rate = z.number().min(0).lt(1);
const positive = z.number().positive();
const count = z.int().positive();
/** Share of the picture that random erasing covers, from and to. */
export const ERASED_AREA = [0.02, 0.3] as const;

const means = z.tuple([z.number(), z.number()]);

const naw = z
  .strictObject({
    muT: means,
    muF: means,
    varT: positive,
    covT: z.number(),
    varF: positive,
    covF: z.number(),
    lambdaT: positive,
    lambdaF: positive,
    normalised: z.boolean(),
    slope: z.number().negative(),
  })
  .partial();

const method = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('ce'),
    labelSmoothing: rate.default(0),
    classWeights: z.enum(['none', 'balanced']).default('none'),
  }),
  z.strictObject({
    name: z.literal('nla'),
    lambda: share.default(0.5),
    consistency: z.enum(JSD_VARIANTS).default('paper'),
    detachWeights: z.boolean().default(false),
    crossEntropyEpochs: z.int().nonnegative().default(0),
    naw: naw.default({}),
  }),
  z.strictObject({
    name: z.literal('dnfer'),
    alpha: share.default(0.5),
    crossEntropyEpochs: z.int().nonnegative().default(5),
  }),
  z.strictObject({
    name: z.literal('v-naw'),
    a: share.default(0.5),
    b: z.number().nonnegative().default(0.4),
    consistency: z.enum(JSD_VARIANTS).default('paper'),
    detachWeights: z.boolean().default(false),
    naw: naw.default({}),
  }),
]);

const network = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('compact'),
    size: count.default(48),
    channels: channels.default(1),
    width: count.default(24),
    depth: count.default(1),
    dropout: rate.default(0),
    flipTta: z.boolean().default(false),
  }),
  z.strictObject({
    name: z.literal('resnet18'),
    size: count.default(112),
    dropout: rate.default(0),
    flipTta: z.boolean().default(false),
  }),
  z.strictObject({
    name: z.literal('face-resnet'),
    size: count.default(48),
    channels: channels.default(1),
    enlargeTo: z.literal([...FACE_RESNET_SIDES]).default(99),
    dropout: rate.default(0),
    flipTta: z.boolean().default(false),
  }),
  z.strictObject({
    name: z.literal('ensemble'),
    /** Model folders of the frame networks. */
    members: z.array(z.string().min(1)).min(2),
    /** Weight of each member's logits in the mean that training starts from, such as [1, 2]; equal when null. */
    weights: z.array(positive).nullable().default(null),
    flipTta: z.boolean().default(false),
  }),
  z.strictObject({
    name: z.literal('temporal'),
    /** Model folder of the frame network whose features are mixed over time. */
    encoder: z.string({ error: 'name the model folder of a frame network, with --encoder MODEL' }).min(1),
    frames: count.default(32),
    width: count.default(512),
    /** 0: every frame for itself, to compare with. */
    layers: z.int().nonnegative().default(4),
    heads: count.default(1),
    feedForward: count.default(512),
    dropout: rate.default(0.6),
    positionalCode: z.boolean().default(false),
    causal: z.boolean().default(false),
    /** Also see how features differ from their mean over the clip. */
    relative: z.boolean().default(false),
    /** Add a change to the frame network's logits, instead of starting from nothing. */
    frameLogits: z.boolean().default(false),
  }),
]);

const schedule = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('constant') }),
  z.strictObject({ name: z.literal('exponential'), decay: z.number().positive().max(1).default(0.95) }),
  z.strictObject({ name: z.literal('cosine'), last: share.default(0) }),
  z.strictObject({ name: z.literal('one-cycle'), rise: share.default(0.3) }),
]);

const optimizer = z.strictObject({
  name: z.enum(['adam', 'adamw']).default('adamw'),
  lr: positive.default(1e-3),
  /** Multiple of the learning rate for the classifier's layer. */
  headLrFactor: positive.default(1),
  weightDecay: z.number().nonnegative().default(1e-4),
  beta1: z.number().min(0).lt(1).default(0.9),
  beta2: z.number().min(0).lt(1).default(0.999),
  epsilon: positive.default(1e-8),
  /** Largest norm of the gradient. */
  gradClip: positive.nullable().default(null),
});

const range = z.tuple([z.number(), z.number()]);

const augment = z.strictObject({
  /** Probability of mirroring a picture. */
  flip: share.default(0.5),
  /** Largest shift in pixels. */
  padding: z.int().nonnegative().default(4),
  /** Turned by degrees, scaled, and moved by a share of the side. */
  affine: z
    .strictObject({
      degrees: z.number().min(0).max(180).default(10),
      scale: range.default([0.9, 1.1]),
      move: share.default(0.05),
    })
    .nullable()
    .default(null),
  /** One operation on how a picture is lit and toned. */
  tone: z
    .strictObject({ probability: share.default(0.5), strongest: share.default(0.5) })
    .nullable()
    .default(null),
  noise: z
    .strictObject({ probability: share.default(0.5), deviation: z.number().nonnegative().default(5.5) })
    .nullable()
    .default(null),
  /** What cameras, codecs and scenes do to a face: probability of each. */
  footage: z
    .strictObject({
      pose: share.default(0.3),
      light: share.default(0.5),
      blur: share.default(0.35),
      noise: share.default(0.3),
      blocks: share.default(0.25),
      cover: share.default(0.1),
    })
    .nullable()
    .default(null),
  /** Expressive faces mixed with a similar neutral one, whose labels they then share; `least` is the smallest share of the expressive face. */
  slight: z
    .strictObject({ probability: share.default(0.25), least: share.default(0.4) })
    .nullable()
    .default(null),
  erasing: z
    .strictObject({ probability: share.default(0.5), area: range.default([...ERASED_AREA]) })
    .nullable()
    .default(null),
  /** The strong view that DNFER compares the usual one with: RandAugment. */
  strong: z
    .strictObject({ operations: z.int().nonnegative().default(2), magnitude: z.number().min(0).max(30).default(10) })
    .prefault({}),
  /** Of clips. */
  clips: z
    .strictObject({
      temporalScale: range.nullable().default([0.6, 1.4]),
      skipping: range.nullable().default([0.2, 0.4]),
      /** Change the pixels too, alike in all frames of a clip. Every frame then passes through the frame network in every step. */
      pixels: z.boolean().default(false),
    })
    .prefault({}),
});

const noise = z.strictObject({ kind: z.enum(['symmetric', 'pair']).default('symmetric'), rate: share });

/** `init` for the weights of face-api's recognition network, which come with its npm package, in place of a folder. */
export const RECOGNITION = 'face-api:recognition';

/** Everything that makes up a training run; unknown names are errors. */
export const trainConfigSchema = z
  .strictObject({
    /** FORMAT:DIR */
    data: z.string({ error: 'name the data set, as FORMAT:DIR, such as manifest:my-videos' }).min(1),
    /** Prepared data sets to train on as well; their labels are mapped onto those of `data`. */
    moreData: z.array(z.string().min(1)).default([]),
    fold: count.nullable().default(null),
    /** File that says what the class words of the data set mean; null for none. */
    classWords: z.string().nullable().default(null),
    /** Labels to train for: the data set's own when null. */
    labels: z.array(z.string()).min(2).nullable().default(null),
    method,
    network: network.prefault({ name: 'compact' }),
    /** Model folder whose weights are the start, layer by layer, or RECOGNITION for a face ResNet; null for random weights. */
    init: z.string().nullable().default(null),
    /** Layers that keep their weights, by prefix, such as "stem" and "stage1". */
    freeze: z.array(z.string().min(1)).default([]),
    epochs: count.default(40),
    batchSize: count.default(64),
    /** Parts of a batch that go through the network one by one (or in several workers); their gradients are averaged. One per worker when null. */
    microBatches: count.nullable().default(null),
    optimizer: optimizer.prefault({}),
    schedule: schedule.prefault({ name: 'cosine' }),
    warmUpEpochs: z.number().nonnegative().default(0),
    /** Decay of the moving average of the weights (EMA); the average becomes the model. */
    emaDecay: z.number().min(0).lt(1).nullable().default(null),
    sampler: z.enum(SAMPLERS).default('shuffle'),
    /** Class frequencies that posteriors are made for: as in the training set (0), all alike (1), in between; null for those that the sampler makes. */
    balance: share.nullable().default(null),
    softLabels: z.boolean().default(false),
    /** Distillation: the mean posteriors of trained frame networks have this share in every label. */
    distil: z
      .strictObject({
        teachers: z.array(z.string().min(1)).min(1),
        share: share.default(0.5),
        /** Factor of a loss between the relations of the network's features and of the teachers'; 0 for none. */
        features: z.number().nonnegative().default(0),
      })
      .nullable()
      .default(null),
    /** Also train on samples without a majority label, where a data set has them. */
    contested: z.boolean().default(true),
    /** Train on prepared crops that show no whole face too: blurred ones, and faces cut off by the picture's edge. */
    flawedCrops: z.boolean().default(false),
    /** Prepared pictures without a detected face: skip them, or train on the whole picture. */
    noFace: z.enum(['skip', 'whole']).default('skip'),
    augment: augment.prefault({}),
    /** Pictures of a batch mixed two by two, and their labels with them. */
    mixup: z
      .strictObject({ alpha: positive.default(0.2) })
      .nullable()
      .default(null),
    validation: z
      .strictObject({
        from: z.enum(['auto', 'train', 'valid']).default('auto'),
        fraction: z.number().min(0).lt(1).default(0.1),
        seed: z.int().default(1),
      })
      .prefault({}),
    selectBy: z.enum(['accuracy', 'meanClassAccuracy', 'macroF1', 'loss']).default('accuracy'),
    patience: count.nullable().default(null),
    deduplicate: z.boolean().default(true),
    /** Training rows to leave out: those marked in an audit.csv or, with `above`, those whose score exceeds it. */
    exclude: z
      .strictObject({ file: z.string().min(1), above: share.nullable().default(null) })
      .nullable()
      .default(null),
    /** For experiments: number of training samples, stratified by class; null for all. */
    subset: count.nullable().default(null),
    /** For experiments: label noise in the training part. */
    noise: noise.nullable().default(null),
    /** For experiments: largest class over smallest, in the training part. */
    imbalance: z.number().min(1).nullable().default(null),
    seed: z.int().default(1),
    /** Of the subset, the noise and the imbalance, so that runs with other seeds see the same data; null for `seed`. */
    dataSeed: z.int().nullable().default(null),
  })
  .superRefine(({ init, mixup, distil, softLabels, method, network }, context) => {
    const { name } = method;
    const kind = network.name;
    if ('naw' in method) {
      // The schedule brings covT up from 0: training would fail epochs later.
      const parameters = nawParameters(method);
      for (const [covariance, variance] of [
        ['covT', 'varT'],
        ['covF', 'varF'],
      ] as const)
        if (Math.abs(parameters[covariance]) >= parameters[variance])
          context.addIssue({
            code: 'custom',
            path: ['method', 'naw', covariance],
            message: `its magnitude must be below ${variance}, which is ${parameters[variance]}: else they are not a Gaussian`,
          });
    }
    if (network.name === 'temporal' && network.width % network.heads !== 0)
      context.addIssue({
        code: 'custom',
        path: ['network', 'heads'],
        message: `${network.heads} heads do not divide the width of ${network.width}`,
      });
    if (network.name === 'ensemble' && network.weights !== null && network.weights.length !== network.members.length) {
      context.addIssue({
        code: 'custom',
        path: ['network', 'weights'],
        message: `the ensemble has ${network.members.length} members: give ${network.members.length} weights, not ${network.weights.length}`,
      });
    }
    if (init === RECOGNITION && kind !== 'face-resnet')
      context.addIssue({
        code: 'custom',
        path: ['init'],
        message: `${RECOGNITION} fits network.name "face-resnet", not "${kind}"`,
      });
    for (const [setting, isSet] of [
      ['distil', distil !== null],
      ['softLabels', softLabels],
    ] as const)
      if (isSet && kind === 'temporal')
        context.addIssue({ code: 'custom', path: [setting], message: 'it is for pictures; for clips leave it out' });
    if (mixup === null) return;
    if (name !== 'ce')
      context.addIssue({
        code: 'custom',
        path: ['mixup'],
        message: `${name} needs a single label, and a mixture has two; use method ce, or leave mixup out`,
      });
    if (kind === 'temporal')
      context.addIssue({ code: 'custom', path: ['mixup'], message: 'it mixes pictures; for clips leave it out' });
  });

/** As written in a file: what is left out takes its default. */
export type TrainConfigInput = z.input<typeof trainConfigSchema>;
export type TrainConfig = z.output<typeof trainConfigSchema>;
export type NetworkConfig = TrainConfig['network'];
export type MethodConfig = TrainConfig['method'];
