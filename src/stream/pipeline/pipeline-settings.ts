import { z } from 'zod';
import { FerError, closest } from '../../errors/fer-error.js';
import type { Box } from '../../ingest/face/align/geometry.js';
import { ROTATIONS } from '../../ingest/face/detect/quarter-turn.js';
import { DEFAULT_PRIOR, PRIORS } from '../../model/class-prior.js';
import { BACKEND_NAMES } from '../../model/engines/backend.js';
import { DEFAULT_MODEL } from '../../model/expression-model.js';
import { DEFAULT_SMOOTHING } from './clip-window.js';
import { SURE } from './trust-weights.js';

const length = z.number().min(0);

/** A rectangle of the frame: pixels of the frame as annotated, or shares of its sides in percent. */
const areaSchema = z.strictObject({
  x: length,
  y: length,
  width: z.number().positive(),
  height: z.number().positive(),
  unit: z.enum(['pixels', 'percent']).default('pixels'),
});

export type Area = z.output<typeof areaSchema>;

/** Which part of the picture counts. */
export interface Areas {
  /** Only faces whose centre is in here; null is the whole frame. */
  readonly region: Area | null;
  /** No faces whose centre is in one of these: posters, screens, mirrors. */
  readonly ignore: readonly Area[];
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Whether a face counts, by the centre of its box. */
export function isInAreas(box: Box, frame: Size, { region, ignore }: Areas): boolean {
  const x = box.x + box.width / 2;
  const y = box.y + box.height / 2;
  const holds = (area: Area): boolean => {
    const scale = area.unit === 'percent' ? { x: frame.width / 100, y: frame.height / 100 } : { x: 1, y: 1 };
    const left = area.x * scale.x;
    const top = area.y * scale.y;
    return x >= left && x < left + area.width * scale.x && y >= top && y < top + area.height * scale.y;
  };
  return (region === null || holds(region)) && !ignore.some(holds);
}

/**
 * "10,20,300,200" in pixels, or "0%,0%,50%,100%".
 * @throws FerError CONFIG_INVALID
 */
export function parseArea(text: string): Area {
  const parts = text.split(',').map((part) => part.trim());
  const isPercent = parts.every((part) => part.endsWith('%'));
  const values = parts
    .map((part) => (isPercent ? part.slice(0, -1) : part))
    .map((part) => (part === '' ? NaN : Number(part)));
  const [x, y, width, height] = values;
  const parsed = areaSchema.safeParse({ x, y, width, height, unit: isPercent ? 'percent' : 'pixels' });
  if (values.length !== 4 || !parsed.success) {
    throw new FerError(
      'CONFIG_INVALID',
      `"${text}" is not an area; write x,y,width,height in pixels, or all four in percent (0%,0%,50%,100%)`,
    );
  }
  return parsed.data;
}

/** Settings of recorded and live use. */
export const pipelineSchema = z.strictObject({
  /** Compute engine; "auto" takes the best that is installed and works. Default: FERSTREAM_BACKEND, else "auto". */
  backend: z.enum(['auto', ...BACKEND_NAMES]).optional(),
  /** Face detection network. */
  detector: z.enum(['blazeface', 'tiny', 'ssd']).default('blazeface'),
  /** Run the detector on every n-th frame and track faces in between; "auto" runs it when there is reason to. */
  detectEvery: z
    .union([z.literal('auto'), z.int().min(1).max(1000)], 'give "auto", or a whole number from 1 to 1000')
    .default('auto'),
  /** Ignore faces whose box has a side shorter than this, in pixels. */
  minFaceSize: z.number().min(0).default(20),
  /** Ignore faces with a lower detection score, 0..1; null uses the detector's own threshold. */
  minScore: z.number().min(0).max(1).nullable().default(null),
  /** Faces per frame at most, the largest first; null: no limit. */
  maxFaces: z.int().min(1).nullable().default(null),
  /** Degrees clockwise by which the footage must be turned to be upright; "auto" finds out which way up each face is. */
  rotate: z.literal(ROTATIONS).default('auto'),
  /** Expression model: the name of a built-in one, or a checkpoint folder. */
  model: z.string().min(1).default(DEFAULT_MODEL),
  /** Average each face with its mirror image: slightly more accurate, twice the work; null does what the model was trained for (the default model: no). */
  flipTta: z.boolean().nullable().default(null),
  /** Class frequencies that posteriors count on: of the training set, all alike, estimated from the footage, or your own by label. */
  prior: z
    .union(
      [z.enum(PRIORS), z.record(z.string(), z.number().min(0))],
      `give one of ${PRIORS.join(', ')}, or frequencies by label such as { neutral: 0.7, happiness: 0.3 }`,
    )
    .default(DEFAULT_PRIOR),
  /** Smoothing time constant in seconds; 0 disables. */
  smoothing: z.number().min(0).max(10).default(DEFAULT_SMOOTHING),
  /** Only faces whose centre is in this area; null is the whole frame. */
  region: areaSchema.nullable().default(null),
  /** No faces whose centre is in one of these areas. */
  ignore: z.array(areaSchema).default([]),
  /** Mark faces of lower quality (0..1) as unusable. */
  minQuality: z.number().min(0).max(1).default(0),
  /** Mark faces whose label is right with a lower chance (0..1) as unsure. */
  minCertainty: z.number().min(0).max(1).default(SURE),
});

/** Complete with defaults. */
export type PipelineSettings = z.output<typeof pipelineSchema>;
/** The same as a user gives them: everything optional. */
export type PipelineOptions = z.input<typeof pipelineSchema>;

/** @throws FerError CONFIG_INVALID naming the setting, and the nearest known one if the name is unknown. */
export function parsePipelineOptions(options: PipelineOptions): PipelineSettings {
  return parseSettings(pipelineSchema, options);
}

/** @throws FerError CONFIG_INVALID naming the setting, and the nearest known one if the name is unknown. */
export function parseSettings<S extends z.ZodObject>(schema: S, options: z.input<S>): z.output<S> {
  const parsed = schema.safeParse(options);
  if (!parsed.success) throw new FerError('CONFIG_INVALID', explain(parsed.error, Object.keys(schema.shape)));
  return parsed.data;
}

function explain(error: z.ZodError, known: readonly string[]): string {
  const issue = error.issues[0]!;
  if (issue.code === 'unrecognized_keys') {
    const unknown = issue.keys[0]!;
    return `unknown option "${unknown}"; did you mean "${closest(unknown, known)}"?`;
  }
  return `${issue.path.join('.') || 'options'}: ${issue.message}`;
}

const annotateSchema = pipelineSchema.extend({
  /** Sample at this frame rate; null keeps every frame. */
  fps: z.number().positive().max(1000).nullable().default(null),
  /** Seconds of presentation time. */
  start: z.number().nullable().default(null),
  end: z.number().nullable().default(null),
  /** Scale frames to this width in pixels before anything else; null keeps their size. */
  width: z.int().min(16).max(16_384).nullable().default(null),
  /** Extra threads that encode faces; results are the same. null chooses by cores and engine. */
  workers: z.int().min(0).max(64).nullable().default(null),
  /** Names of people by face id. */
  names: z.record(z.string().regex(/^[1-9]\d*$/, 'is not a face id'), z.string().min(1)).default({}),
  /** Adds expressions relative to each person's resting face: of the whole recording ("auto"), or of its first usable seconds. */
  baseline: z
    .union([z.enum(['auto', 'off']), z.number().positive().max(3600)], 'give auto, off, or seconds up to 3600')
    .default('off'),
});

/** All settings of recorded use, complete with defaults. */
export type AnnotateSettings = z.output<typeof annotateSchema>;
/** The same as a user gives them: everything optional. */
export type AnnotateOptions = z.input<typeof annotateSchema>;

/** @throws FerError CONFIG_INVALID naming the setting, and the nearest known one if the name is unknown. */
export function parseAnnotateOptions(options: AnnotateOptions): AnnotateSettings {
  const settings = parseSettings(annotateSchema, options);
  const { start, end } = settings;
  if (start !== null && end !== null && end <= start) {
    throw new FerError('CONFIG_INVALID', `end: ${end} s is not after start (${start} s); give a later end`);
  }
  return settings;
}
