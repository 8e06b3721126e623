import type { Command } from 'commander';

export function doctorCommand(program: Command): void {
  program
    .command('doctor')
    .summary('check this machine and say what mends what is missing')
    .option('--json', 'print the checks as JSON')
    .action(async ({ json = false }: { json?: boolean }) => {
      const { runDoctor } = await import('./doctor/index.js');
      process.exitCode = await runDoctor({ write: (line) => void process.stdout.write(`${line}\n`) }, { json });
    });
}
