import type { Sample } from '../../src/train/data/sample.js';

/** A labelled still image, by default without a file. */
export function still(id: string, label: string, fields: Partial<Sample> = {}): Sample {
  return {
    id,
    kind: 'image',
    path: `/none/${id}.png`,
    frames: null,
    label,
    frameLabels: null,
    softLabel: null,
    subject: null,
    split: 'train',
    startSeconds: null,
    endSeconds: null,
    ...fields,
  };
}
