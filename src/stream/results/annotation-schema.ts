import { z } from 'zod';
import type { RestingFace } from './resting-face.js';

/** Description of a run: what produced a result, and whether it can be reproduced. */
export interface RunMetadata {
  /** Version of the JSONL schema; see docs/output.md. */
  readonly schemaVersion: 1;
  readonly ferstream: string;
  readonly input: {
    /** As the user named it. */
    readonly name: string;
    readonly kind: 'file' | 'images' | 'url' | 'stdin' | 'live';
    /** "sha256:..." of the content (of the validators, for a URL); null when it cannot be known beforehand (stdin). */
    readonly hash: string | null;
    readonly container: string | null;
    readonly codec: string | null;
    /** Seconds. */
    readonly duration: number | null;
    readonly expectedFrames: number | null;
  };
  readonly engine: { readonly backend: string; readonly tfjs: string; readonly device: string | null };
  readonly model: { readonly name: string; readonly version: string; readonly labels: readonly string[] };
  readonly detector: string;
  /** Every setting that can change a result. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly node: string;
  readonly ffmpeg: string | null;
  /** Names of people by face id, where they were given. */
  readonly people?: Readonly<Record<string, string>>;
}

/** How a run ended. */
export interface RunOutcome {
  readonly frames: number;
  readonly degraded: boolean;
  readonly note: string | null;
  /** Class frequencies estimated from the footage, by label, as they stood at its end; only where they were (`prior: 'auto'`). */
  readonly prior?: Readonly<Record<string, number>> | undefined;
  /** With a baseline: the resting face of each person, by face id. */
  readonly resting?: Readonly<Record<string, RestingFace>> | undefined;
}

/**
 * The JSONL annotation, line by line. docs/schema/annotation.schema.json is this schema as JSON Schema (a test keeps the two equal);
 * docs/output.md says when the version changes.
 */
export const SCHEMA_VERSION = 1;

const seconds = z.number().describe('seconds of presentation time, from the container');
const fraction = z.number().min(0).max(1);

const box = z
  .object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() })
  .describe('pixels of the frame; may reach beyond it');

export const faceLine = z.object({
  trackId: z.int().min(1).describe('the same person keeps the same id through the footage'),
  name: z.string().optional().describe('of the person, where names were given'),
  box,
  score: fraction.describe('confidence that this is a face'),
  evidence: z
    .enum(['detected', 'followed', 'coasted'])
    .describe('detected in this frame, followed from the frame before, or predicted by the motion model alone'),
  quality: z.object({
    size: z.number().describe('pixels between the eyes'),
    sharpness: fraction,
    yaw: z.number().describe('degrees, 0 is frontal'),
    roll: z.number().describe('degrees'),
    pitch: z.number().describe('degrees, positive looks up'),
    overall: fraction,
    eyesVisible: fraction.describe('0 covered, 1 visible'),
    mouthVisible: fraction.describe('0 covered, 1 visible'),
  }),
  eyeOpening: z.number().describe("height of the eyes' opening over their width"),
  mouthOpening: z.number().describe("height of the mouth's opening over its width"),
  speaking: z.boolean().optional().describe('the mouth opened and closed as in speech during the last second'),
  landmarks: z
    .array(z.object({ x: z.number(), y: z.number() }))
    .describe('the 68 points of the iBUG scheme, pixels of the frame'),
  probabilities: z.record(z.string(), fraction).describe('posterior of every label of the model'),
  label: z.string().describe('the label with the largest posterior'),
  ambiguity: fraction.describe('how close the runner-up is to the winner: 0 clear, 1 tie'),
  certainty: fraction.describe('chance that the label is right, from posteriors and quality'),
  relative: z
    .record(z.string(), fraction)
    .optional()
    .describe("with --baseline: posteriors relative to the person's own resting face"),
  relativeLabel: z.string().optional().describe('the label with the largest relative posterior'),
  trust: z.enum(['sure', 'unsure', 'unusable']).describe('whether to rely on the label'),
});

const runLine = z
  .object({
    type: z.literal('run'),
    schemaVersion: z.literal(SCHEMA_VERSION),
    ferstream: z.string().describe('version of ferstream'),
    input: z.object({
      name: z.string(),
      kind: z.enum(['file', 'images', 'url', 'stdin', 'live']),
      hash: z.string().nullable(),
      container: z.string().nullable(),
      codec: z.string().nullable(),
      duration: z.number().nullable().describe('seconds'),
      expectedFrames: z.number().nullable(),
    }),
    engine: z.object({ backend: z.string(), tfjs: z.string(), device: z.string().nullable() }),
    model: z.object({ name: z.string(), version: z.string(), labels: z.array(z.string()) }),
    detector: z.string(),
    settings: z.record(z.string(), z.unknown()).describe('every setting that can change a result'),
    node: z.string(),
    ffmpeg: z.string().nullable(),
    people: z.record(z.string(), z.string()).optional().describe('names of people by face id'),
  })
  .describe('the first line: what the run was');

const frameLine = z
  .object({
    type: z.literal('frame'),
    index: z.int().min(0),
    timestamp: seconds,
    file: z.string().optional().describe('of an image folder: the name of the file'),
    width: z.int().min(0),
    height: z.int().min(0),
    status: z.enum(['ok', 'no-face', 'degraded', 'unreadable']),
    problem: z.string().optional().describe('why an image is unreadable'),
    faces: z.array(faceLine),
  })
  .describe('one line for every decoded frame, in order');

const endLine = z
  .object({
    type: z.literal('end'),
    frames: z.int().min(0),
    degraded: z.boolean(),
    note: z.string().nullable(),
    prior: z
      .record(z.string(), z.number())
      .optional()
      .describe('with --prior auto: the class frequencies estimated from the footage'),
    resting: z
      .record(z.string(), z.object({ seconds, posterior: z.record(z.string(), fraction) }))
      .optional()
      .describe(
        'with --baseline: the resting face of each person by face id, and the usable seconds it was taken from',
      ),
  })
  .describe('the last line: how the run ended; without it the file is incomplete');

export const annotationLine = z.discriminatedUnion('type', [runLine, frameLine, endLine]);

export type AnnotationLine = z.infer<typeof annotationLine>;

/** The schema of one line as JSON Schema (draft 2020-12). Fields it does not name are allowed: later releases may add some. */
export function annotationJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(annotationLine, { io: 'input' });
  return {
    $schema,
    title: 'One line of a ferstream annotation (JSONL)',
    ...rest,
  };
}
