import { z } from 'zod';
import { parseSettings, pipelineSchema } from '../pipeline/pipeline-settings.js';

const schema = pipelineSchema.extend({
  /** Run the detector on every n-th picture and follow the faces in between: what that gains is in bench/annotate.md. */
  detectEvery: pipelineSchema.shape.detectEvery.unwrap().default(5),
  /** As for recorded footage, but the face alone unless asked for: answers have to come in time. */
  bothSides: pipelineSchema.shape.bothSides.unwrap().default(false),
  /** Pictures of more pixels are refused. */
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
