import { z } from 'zod';
import { parseSettings, pipelineSchema } from '../pipeline/pipeline-settings.js';

const schema = pipelineSchema.extend({
  /** As for recorded footage, but without flip averaging by default: answers must be fast. */
  flipTta: pipelineSchema.shape.flipTta.unwrap().default(false),
  /** Larger pictures are refused. */
  maxPixels: z.int().min(1).max(100_000_000).default(4_000_000),
});

/** Settings of a live engine, complete with defaults. */
export type LiveSettings = z.output<typeof schema>;
/** The same as a user gives them: everything optional. */
export type LiveOptions = z.input<typeof schema>;

/** @throws FerError CONFIG_INVALID naming the setting, and the nearest known one if the name is unknown. */
export function parseLiveOptions(options: LiveOptions): LiveSettings {
  return parseSettings(schema, options);
}
