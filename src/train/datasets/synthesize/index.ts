export { synthesizeClips } from './synthesize-clips.js';
export type { SplitContent, SynthesisReport, SynthesisSettings } from './synthesize-clips.js';
export { withStills } from './open-stills.js';
export { DEFAULT_SYNTHESIS } from './synthesis-options.js';
export type { SynthesisOptions } from './synthesis-options.js';
