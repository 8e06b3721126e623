import { endText, frameText, runText } from '../results/jsonl-text.js';
import { textFormat } from '../results/text-format.js';

/** Everything: a line for the run, a line for each frame, a line for the end. */
export const JSONL = textFormat(
  {
    name: 'jsonl',
    ending: '.jsonl',
    summary: 'everything: run metadata, then one JSON line per frame with boxes, landmarks, quality and all posteriors',
  },
  (metadata) => ({ header: runText(metadata), frame: frameText, end: endText }),
);
