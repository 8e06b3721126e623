import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { makeOutputFolder } from '../files/write-error.js';
import type { Summary } from '../stream/results/summary-builder.js';
import { BatchReport } from './batch-report.js';
import { EXIT, interruptSignal } from './exit.js';

export function demoCommand(program: Command): void {
  program
    .command('demo')
    .summary('build and annotate a short clip with real faces')
    .description(
      'Builds a few seconds of footage from photos of @vladmandic/face-api, annotates it and prints a summary.',
    )
    .option('-o, --output-dir <dir>', 'output folder', 'fer-demo')
    .action(async ({ outputDir }: { outputDir: string }) => {
      process.exitCode = await runDemo(outputDir);
    });
}

const FORMATS = ['jsonl', 'csv', 'vtt', 'summary', 'overlay'];

/** Builds the clip, annotates it, prints a summary and the output paths. Returns the exit code. */
async function runDemo(outputDir: string): Promise<number> {
  const { buildDemoFootage } = await import('../ingest/sources/demo-footage.js');
  const { annotateBatch } = await import('../stream/annotate/batch.js');
  const { summaryLines } = await import('../stream/output/summary.js');
  await makeOutputFolder(outputDir);
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
