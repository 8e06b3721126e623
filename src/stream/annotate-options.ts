import { z } from 'zod';
import { FerError } from '../errors/fer-error.js';
import { closest } from '../errors/closest.js';
import { BACKEND_NAMES, DEFAULT_MODEL } from '../model/index.js';
import { DEFAULT_SMOOTHING } from './clip-window.js';

export const annotateSchema = z.strictObject({
  /** Compute engine; "auto" takes the best that is installed and works. Default: FERSTREAM_BACKEND, else "auto". */
  backend: z.enum(['auto', ...BACKEND_NAMES]).optional(),
  /** Which network finds faces. */
  detector: z.enum(['blazeface', 'tiny', 'ssd']).default('blazeface'),
  /** Run the detector on every n-th frame and follow the faces in between. */
  detectEvery: z.int().min(1).max(1000).default(1),
  /** Faces whose box has a side of fewer pixels are left out. */
  minFaceSize: z.number().min(0).default(20),
  /** Faces the detector is less sure of are left out, 0..1; null leaves it to the detector. */
  minScore: z.number().min(0).max(1).nullable().default(null),
  /** At most this many faces in a frame, the largest first. */
  maxFaces: z.int().min(1).max(100).default(20),
  /** Frames per second to keep; null keeps every frame. */
  fps: z.number().positive().max(1000).nullable().default(null),
  /** Seconds of presentation time. */
  start: z.number().nullable().default(null),
  end: z.number().nullable().default(null),
  /** Scale frames to this width in pixels before anything else; null keeps their size. */
  width: z.int().min(16).max(16_384).nullable().default(null),
  /** What names the expressions: a model that ships with ferstream, or the folder of a trained one. */
  model: z.string().min(1).default(DEFAULT_MODEL),
  /** Answer for the mean over a face and its mirror image, where the model was trained so; false: for the face alone, a little less often right for half the work. */
  bothSides: z.boolean().default(true),
  /** Seconds (time constant) over which a face's posteriors are averaged; 0: not at all. */
  smoothing: z.number().min(0).max(10).default(DEFAULT_SMOOTHING),
});

/** Settings that can change a result, complete with defaults. */
export type AnnotateSettings = z.output<typeof annotateSchema>;
/** The same as a user gives them: everything optional. */
export type AnnotateOptions = z.input<typeof annotateSchema>;

/** @throws FerError CONFIG_INVALID naming the setting, and the nearest known one if the name is unknown. */
export function parseAnnotateOptions(options: AnnotateOptions): AnnotateSettings {
  const settings = parseSettings(annotateSchema, options);
  const { start, end } = settings;
  if (start !== null && end !== null && end <= start) {
    throw new FerError('CONFIG_INVALID', `end: ${end} s does not come after start (${start} s); give a later end`);
  }
  return settings;
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
  return `${issue.path.join('.')}: ${issue.message}`;
}
