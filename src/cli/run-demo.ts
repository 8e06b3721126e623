import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { buildDemoFootage } from '../ingest/index.js';
import { makeFolder } from '../files/make-folder.js';
import { annotateBatch } from '../stream/annotate/batch.js';
import { summaryLines } from '../stream/output/summary-lines.js';
import type { Summary } from '../stream/output/summary.js';
import { BatchReport } from './batch-report.js';
import { EXIT } from './exit-codes.js';
import { interruptSignal } from './interrupt.js';

const FORMATS = ['jsonl', 'csv', 'vtt', 'summary', 'overlay'];

/** Builds the clip, annotates it, says what came out and where it is; returns the exit code. */
export async function runDemo(outputDir: string): Promise<number> {
  await makeFolder(outputDir);
  const clip = join(outputDir, 'demo.mp4');
  process.stderr.write('building the demo clip\n');
  await buildDemoFootage(clip);

  const report = new BatchReport(process.stderr);
  const outputs: string[] = [];
  for await (const event of annotateBatch([clip], {
    outputDir,
    formats: FORMATS,
    force: true,
    signal: interruptSignal(),
  })) {
    report.take(event);
    if (event.type === 'done') outputs.push(...event.outputs);
  }
  process.stdout.write(`${report.summary().join('\n')}\n`);
  if (report.exitCode() !== EXIT.ok) return report.exitCode();

  const summaryPath = outputs.find((path) => path.endsWith('.summary.json'))!;
  const summary = JSON.parse(await readFile(summaryPath, 'utf8')) as Summary;
  process.stdout.write(`\n${summaryLines(summary).join('\n')}\n\nresults:\n`);
  for (const path of [clip, ...outputs]) process.stdout.write(`  ${resolve(path)}\n`);
  return EXIT.ok;
}
