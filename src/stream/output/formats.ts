import { join } from 'node:path';
import { FerError } from '../../errors/fer-error.js';
import { makeFolder, writeError } from '../../files/write-error.js';
import type { FrameResult } from '../pipeline/frame-result.js';
import { roundedResult } from '../results/jsonl-text.js';
import { FORMAT_NAMES } from '../results/output-format.js';
import type { FormatName, OutputContext, OutputFormat, OutputWriters, StagedWriter } from '../results/output-format.js';
import type { RunMetadata, RunOutcome } from '../results/annotation-schema.js';
import { ASS } from './ass.js';
import { CSV } from './csv.js';
import { ELAN } from './elan.js';
import { HTML_REPORT } from './html-report.js';
import { JSONL } from './jsonl.js';
import { OVERLAY } from './overlay.js';
import { PARQUET, SEGMENTS_PARQUET } from './parquet.js';
import { SEGMENTS } from './segments.js';
import { SRT, WEBVTT } from './subtitle-format.js';
import { SUMMARY } from './summary.js';
import { TEXTGRID } from './textgrid.js';

const FORMATS: Readonly<Record<FormatName, OutputFormat>> = {
  jsonl: JSONL,
  csv: CSV,
  parquet: PARQUET,
  segments: SEGMENTS,
  'segments-parquet': SEGMENTS_PARQUET,
  elan: ELAN,
  textgrid: TEXTGRID,
  vtt: WEBVTT,
  srt: SRT,
  ass: ASS,
  summary: SUMMARY,
  html: HTML_REPORT,
  overlay: OVERLAY,
};

/** Every output format, in the order in which to present them. */
export const OUTPUT_FORMATS: readonly OutputFormat[] = FORMAT_NAMES.map((name) => FORMATS[name]);

/** @throws FerError CONFIG_INVALID naming the known formats */
export function outputFormat(name: string): OutputFormat {
  const format = OUTPUT_FORMATS.find((candidate) => candidate.name === name);
  if (format === undefined) {
    throw new FerError(
      'CONFIG_INVALID',
      `unknown output format "${name}"; the formats are ${OUTPUT_FORMATS.map((known) => known.name).join(', ')}`,
    );
  }
  return format;
}

/**
 * Opens all outputs of one input in `dir` (created if missing), named `base` plus each format's ending. They appear together: all files are
 * complete on disk before the first gets its final name. If anything fails, call `abort`: only files that have their final name by then stay.
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
