/** The names of all output formats, in the order in which to present them. Apart from the formats, so that `fer --help` need not load them. */
export const FORMAT_NAMES = [
  'jsonl',
  'csv',
  'parquet',
  'segments',
  'segments-parquet',
  'summary',
  'html',
  'vtt',
  'srt',
  'ass',
  'elan',
  'textgrid',
  'overlay',
] as const;

export type FormatName = (typeof FORMAT_NAMES)[number];
