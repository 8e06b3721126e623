import type { Command } from 'commander';
import { writeLine } from './options.js';
import type { CheckResult, CheckStatus, Check } from './doctor/system.js';

export function doctorCommand(program: Command): void {
  program
    .command('doctor')
    .summary('check this machine; print the command that installs each missing part')
    .description('Checks this machine and prints the command that installs each missing part.')
    .option('--json', 'print the checks as JSON')
    .action(async ({ json = false }: { json?: boolean }) => {
      process.exitCode = await runDoctor({ write: writeLine }, { json });
    });
}

const COLOURS: Readonly<Record<CheckStatus, number>> = { ok: 32, note: 33, failed: 31 };

/** Whether footage can be annotated. */
export function canRun(results: readonly CheckResult[]): boolean {
  return results.every(({ status }) => status !== 'failed');
}

/** The checks as aligned lines. Each fix has its own line, for copying. */
export function reportLines(
  results: readonly CheckResult[],
  { colour }: { readonly colour: boolean },
): readonly string[] {
  const width = Math.max(0, ...results.map(({ name }) => name.length));
  const paint = (text: string, code: number): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const lines = results.flatMap(({ name, status, detail, fix }) => [
    `${paint(status.padEnd(6), COLOURS[status])}  ${name.padEnd(width)}  ${detail}`,
    ...(fix === null ? [] : [`${' '.repeat(6)}  ${' '.repeat(width)}  $ ${fix}`]),
  ]);
  const failed = results.filter(({ status }) => status === 'failed').length;
  const verdict =
    failed === 0
      ? paint('Footage can be annotated on this machine.', COLOURS.ok)
      : paint(
          `Footage cannot be annotated yet: ${failed} ${failed === 1 ? 'check' : 'checks'} failed.`,
          COLOURS.failed,
        );
  return [...lines, '', verdict];
}

export function reportJson(results: readonly CheckResult[]): string {
  return JSON.stringify({ ok: canRun(results), checks: results }, null, 2);
}

/** All checks, in the order of printing. The engine comes before the weights, which are decoded on it. */
async function allChecks(): Promise<readonly Check[]> {
  const { checkCameras } = await import('./doctor/system.js');
  const { checkEngine, checkOnnxRuntime, checkTfjsPackages } = await import('./doctor/inference.js');
  const { checkModels, checkWeights } = await import('./doctor/inference.js');
  const { checkFfmpeg, checkNodeVersion, checkSharp, checkWriteAccess } = await import('./doctor/system.js');
  return [
    () => Promise.resolve(checkNodeVersion()),
    () => checkEngine(),
    checkOnnxRuntime,
    () => Promise.resolve(checkTfjsPackages()),
    checkFfmpeg,
    checkWeights,
    () => checkModels(),
    checkSharp,
    () => checkCameras(),
    () => checkWriteAccess(),
  ];
}

interface DoctorOptions {
  readonly json?: boolean;
  /** Default: on a terminal, unless NO_COLOR is set. */
  readonly colour?: boolean;
}

/** One after the other. */
export async function runChecks(checks?: readonly Check[]): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks ?? (await allChecks())) results.push(...(await check()));
  return results;
}

/** Prints all checks. Returns the exit code: 0 when footage can be annotated here, else 1. */
export async function runDoctor(io: { write(line: string): void }, options: DoctorOptions = {}): Promise<number> {
  const { json = false, colour = process.stdout.isTTY && !process.env['NO_COLOR'] } = options;
  const results = await runChecks();
  for (const line of json ? [reportJson(results)] : reportLines(results, { colour })) io.write(line);
  return canRun(results) ? 0 : 1;
}
