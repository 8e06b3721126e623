import { annotateBatch } from '../stream/annotate/batch.js';
import { FORMAT_NAMES } from '../stream/output/format-names.js';
import { outputFormat } from '../stream/output/formats.js';
import type { AnnotateOptions } from '../stream/annotate/annotate-options.js';
import type { BatchOptions } from '../stream/annotate/batch.js';
import { BatchReport } from './batch-report.js';
import { interruptSignal } from './interrupt.js';

/** The options of `fer annotate` as the command line gives them. */
export interface AnnotateFlags extends Omit<AnnotateOptions, 'minScore'> {
  readonly outputDir: string;
  readonly format: string;
  readonly overlay?: boolean;
  readonly force?: boolean;
  readonly minScore?: number;
}

/** Runs the batch, reports on stderr while it runs and on stdout when it is done, and returns the exit code. */
export async function runAnnotate(inputs: readonly string[], flags: AnnotateFlags): Promise<number> {
  const { format, overlay = false, ...rest } = flags;
  const options: BatchOptions = { ...rest, formats: parseFormats(format, overlay), signal: interruptSignal() };
  const report = new BatchReport(process.stderr);
  for await (const event of annotateBatch(inputs, options)) report.take(event);
  const lines = report.hasResults ? [...report.summary(), `results in ${options.outputDir}`] : report.summary();
  process.stdout.write(`${lines.join('\n')}\n`);
  return report.exitCode();
}

function parseFormats(list: string, overlay: boolean): string[] {
  const names = list.split(',').map((name) => name.trim());
  const textual = FORMAT_NAMES.filter((name) => name !== 'overlay');
  const formats = names.flatMap((name) => (name === 'all' ? textual : [outputFormat(name).name]));
  return [...new Set(overlay ? [...formats, 'overlay'] : formats)];
}
