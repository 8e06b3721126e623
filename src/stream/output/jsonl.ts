import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { writeError } from '../../files/write-error.js';
import { endText, frameText, runText } from '../results/jsonl-text.js';
import { textFormat } from '../results/output-format.js';
import type { OutputWriters } from '../results/output-format.js';
import type { RunMetadata } from '../results/annotation-schema.js';

/** Everything: a line for the run, a line for each frame, a line for the end. */
export const JSONL = textFormat(
  {
    name: 'jsonl',
    ending: '.jsonl',
    summary: 'everything: run metadata, then one JSON line per frame with boxes, landmarks, quality and all posteriors',
  },
  (metadata) => ({ header: runText(metadata), frame: frameText, end: endText }),
);

/** JSONL into a stream, as the results come, the run's line with the first; a slow reader slows the annotation. The stream stays open: inputs follow each other. */
export function streamWriter(stream: Writable, metadata: RunMetadata, signal?: AbortSignal): OutputWriters {
  let header = runText(metadata);
  const write = async (text: string): Promise<void> => {
    try {
      if (!stream.writable) throw Object.assign(new Error('the reader is gone'), { code: 'EPIPE' });
      if (!stream.write(text)) await once(stream, 'drain', signal === undefined ? {} : { signal });
    } catch (error) {
      // Nobody waits for the reader any longer.
      if (signal?.aborted === true) return;
      throw writeError('standard output', error);
    }
  };
  const withHeader = (text: string): Promise<void> => {
    const whole = header + text;
    header = '';
    return write(whole);
  };
  return {
    paths: [],
    write: (result) => withHeader(frameText(result)),
    finish: (outcome) => withHeader(endText(outcome)),
    abort: () => Promise.resolve(),
  };
}
