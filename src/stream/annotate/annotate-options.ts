import { z } from 'zod';
import { FerError } from '../../errors/fer-error.js';
import { parseSettings, pipelineSchema } from '../pipeline/pipeline-settings.js';

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
  baseline: z.union([z.enum(['auto', 'off']), z.number().positive().max(3600)]).default('off'),
});

/** Every setting that can change a result, complete with defaults. */
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
