import type { Command } from 'commander';

export function demoCommand(program: Command): void {
  program
    .command('demo')
    .summary('build a short clip with real faces and annotate it')
    .description(
      'Builds a few seconds of footage from photos that ship with @vladmandic/face-api, annotates it, and says what came out.',
    )
    .option('-o, --output-dir <dir>', 'where clip and results go', 'fer-demo')
    .action(async ({ outputDir }: { outputDir: string }) => {
      const { runDemo } = await import('./run-demo.js');
      process.exitCode = await runDemo(outputDir);
    });
}
