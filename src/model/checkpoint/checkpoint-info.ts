import * as z from 'zod';
import { FerError } from '../../errors/fer-error.js';

/** Version of `ferstream.json`; raised for incompatible changes. */
export const CHECKPOINT_FORMAT = 1;

const place = z.strictObject({ x: z.number(), y: z.number() });

const schema = z.strictObject({
  /** Version of this file's layout. */
  format: z.literal(CHECKPOINT_FORMAT),
  /** "frame": image -> logits; "temporal": frame features -> logits for every frame. */
  kind: z.enum(['frame', 'temporal']),
  /** Name of the network, e.g. "compact_residual_net". */
  network: z.string().min(1),
  labelSet: z.strictObject({ name: z.string().min(1), labels: z.array(z.string().min(1)).min(1) }),
  /** Crop geometry of the network, or of the frame encoder whose features it takes. */
  crop: z.strictObject({
    size: z.int().positive(),
    channels: z.union([z.literal(1), z.literal(3)]),
    eyes: place,
    mouth: place,
  }),
  /** Softmax temperature, fitted on validation data; default 1. */
  temperature: z.number().positive().optional(),
  /** Frame networks: flip test-time augmentation, the mean over a crop and its mirror image; default false. */
  flipTta: z.boolean().optional(),
  /** Temporal networks: frames per training clip. */
  clipFrames: z.int().positive().optional(),
  /** Relative class frequencies: those its posteriors are made for, and those of its training set; default unknown. [C] */
  priors: z
    .strictObject({ posteriors: z.array(z.number().positive()), training: z.array(z.number().nonnegative()) })
    .optional(),
  /** By how much small, blurred and turned faces raise the temperature (quality-calibration.ts); default not at all. */
  qualityCalibration: z.strictObject({ size: z.number(), sharpness: z.number(), yaw: z.number() }).optional(),
  /** Network and weights: checksums that are verified on loading. */
  files: z.record(
    z.string().min(1),
    z.strictObject({ bytes: z.int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  ),
  /** How it was trained. */
  recipe: z.record(z.string(), z.json()),
  /** Metrics on held-out data, by name. */
  metrics: z.record(z.string(), z.number()),
  /** Versions of the programs that wrote it, by name, e.g. { "ferstream": "0.1.0", "tfjs": "4.22.0" }. */
  versions: z.record(z.string(), z.string()),
});

/** Content of `ferstream.json`. */
export type CheckpointInfo = z.infer<typeof schema>;

/** The writer's part of a checkpoint's description; `saveCheckpoint` adds the rest. */
export type CheckpointDescription = Omit<CheckpointInfo, 'format' | 'files'>;

/**
 * Validates the content of a `ferstream.json`. `where` names it in errors.
 * @throws FerError MODEL_INCOMPATIBLE when it was written by a newer ferstream or is not valid.
 */
export function parseCheckpointInfo(json: unknown, where: string): CheckpointInfo {
  const { format } = z.looseObject({ format: z.unknown() }).catch({ format: undefined }).parse(json);
  if (typeof format === 'number' && format > CHECKPOINT_FORMAT) {
    throw new FerError(
      'MODEL_INCOMPATIBLE',
      `${where} has checkpoint format ${format}, this ferstream reads up to ${CHECKPOINT_FORMAT}; update ferstream to use it`,
    );
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const field = issue.path.map(String).join('.') || 'root';
  throw new FerError(
    'MODEL_INCOMPATIBLE',
    `${where} is not a valid checkpoint description (${field}: ${issue.message}); restore the file or train again`,
    {
      cause: result.error,
    },
  );
}
