import { FerError } from '../../../errors/fer-error.js';
import type { Split } from '../sample.js';
import { SHORTEST_CLIP } from './dissolve-schedule.js';

/** dissolve: faces of different people dissolve into each other; episode: one person's face goes from rest to an expression and back. */
export const CLIP_STYLES = ['dissolve', 'episode'] as const;

export type ClipStyle = (typeof CLIP_STYLES)[number];

export interface SynthesisOptions {
  readonly style: ClipStyle;
  /** Training clips. */
  readonly clips: number;
  readonly validClips: number;
  readonly testClips: number;
  /** Frames in each clip, at least 8. */
  readonly frames: number;
  /** Side of the square frames, in pixels. */
  readonly size: number;
  /** 1 for grey, 3 for colour. */
  readonly channels: 1 | 3;
  /** Share of the training frames that get a wrong label. */
  readonly frameNoise: number;
  /** 1: segments of every class equally likely; 0: as often as a class has images; between them, as (number of images)^(1 - balance). */
  readonly balance: number;
  readonly seed: number;
}

export const DEFAULT_SYNTHESIS: SynthesisOptions = {
  style: 'dissolve',
  clips: 600,
  validClips: 100,
  testClips: 150,
  frames: 32,
  size: 48,
  channels: 1,
  frameNoise: 0.2,
  balance: 1,
  seed: 1,
};

/** @throws FerError CONFIG_INVALID for a number out of range */
export function checkSynthesisOptions(options: SynthesisOptions): void {
  const wholeNumbers = [
    ['clips', 0, 1e6],
    ['validClips', 0, 1e6],
    ['testClips', 0, 1e6],
    ['frames', SHORTEST_CLIP, 1e5],
    ['size', 8, 1024],
  ] as const;
  for (const [name, low, high] of wholeNumbers) {
    const value = options[name];
    if (Number.isInteger(value) && value >= low && value <= high) continue;
    throw new FerError(
      'CONFIG_INVALID',
      `synthetic clips: ${name} ${value} is out of range: give a whole number from ${low} to ${high}`,
    );
  }
  if (clipCount(options) === 0)
    throw new FerError(
      'CONFIG_INVALID',
      'synthetic clips: none requested: give a number of training, validation or test clips',
    );
  for (const [name, value] of [
    ['frame noise', options.frameNoise],
    ['balance', options.balance],
  ] as const) {
    if (!(value >= 0 && value <= 1))
      throw new FerError('CONFIG_INVALID', `synthetic clips: ${name} ${value} is not a share: give 0 to 1`);
  }
}

function clipCount({ clips, validClips, testClips }: SynthesisOptions): number {
  return clips + validClips + testClips;
}

export function clipsOf({ clips, validClips, testClips }: SynthesisOptions): Readonly<Record<Split, number>> {
  return { train: clips, valid: validClips, test: testClips };
}
