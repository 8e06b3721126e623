import { join } from 'node:path';
import type { FrameResult } from '../pipeline/frame-result.js';
import type { RunMetadata, RunOutcome } from '../results/run-metadata.js';
import { outputFormat } from './formats.js';
import { roundedResult } from '../results/jsonl-text.js';
import { makeFolder, writeError } from '../../files/write-error.js';
import type { OutputContext, OutputWriters, StagedWriter } from '../results/output-format.js';

/**
 * Opens all outputs of one input in `dir` (created if missing), named `base` plus each format's ending. They appear together: all files are
 * complete on disk before the first gets its final name. If anything fails, call `abort`, and nothing is left behind.
 *
 * @param formats names of OUTPUT_FORMATS; repeated ones count once
 * @throws FerError CONFIG_INVALID for an unknown format or an impossible overlay, OUTPUT_UNWRITABLE, FFMPEG_MISSING
 */
export async function openWriters(
  formats: readonly string[],
  dir: string,
  base: string,
  metadata: RunMetadata,
  context: OutputContext,
): Promise<OutputWriters> {
  const wanted = [...new Set(formats)].map(outputFormat);
  try {
    await makeFolder(dir);
  } catch (error) {
    throw writeError(dir, error);
  }
  const paths = wanted.map((format) => join(dir, base + (format.endingFor?.(context) ?? format.ending)));
  const writers: StagedWriter[] = [];
  try {
    for (const [index, format] of wanted.entries()) writers.push(await format.open(paths[index]!, metadata, context));
  } catch (error) {
    await abortAll(writers);
    throw error;
  }
  return {
    paths,
    async write(result: FrameResult) {
      // All formats show the numbers that JSONL holds, so that they can be made from it later.
      const rounded = roundedResult(result);
      for (const writer of writers) await writer.write(rounded);
    },
    async finish(outcome: RunOutcome) {
      for (const writer of writers) await writer.prepare(outcome);
      for (const writer of writers) await writer.commit();
    },
    abort: () => abortAll(writers),
  };
}

async function abortAll(writers: readonly StagedWriter[]): Promise<void> {
  await Promise.all(writers.map((writer) => writer.abort()));
}
