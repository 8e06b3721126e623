import { FerError } from '../../errors/fer-error.js';
import { ASS } from './ass.js';
import { CSV } from './csv.js';
import { ELAN } from './elan.js';
import { HTML_REPORT } from './html-report.js';
import { JSONL } from './jsonl.js';
import { PARQUET, SEGMENTS_PARQUET } from './parquet.js';
import { SEGMENTS } from './segments.js';
import { TEXTGRID } from './textgrid.js';
import { FORMAT_NAMES } from '../results/output-format.js';
import type { FormatName, OutputFormat } from '../results/output-format.js';
import { OVERLAY } from './overlay.js';
import { SRT, WEBVTT } from './subtitle-format.js';
import { SUMMARY } from './summary.js';

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
