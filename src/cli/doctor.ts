import type { Command } from 'commander';
import { checkCameras } from './doctor/cameras.js';
import type { CheckResult, CheckStatus, Check } from './doctor/check.js';
import { checkEngine, checkTfjsPackages } from './doctor/engines.js';
import { checkFfmpeg, checkNodeVersion, checkSharp, checkWriteAccess } from './doctor/system.js';
import { checkModels, checkWeights } from './doctor/models.js';

export function doctorCommand(program: Command): void {
  program
    .command('doctor')
    .summary('check this machine and say what mends what is missing')
    .option('--json', 'print the checks as JSON')
    .action(async ({ json = false }: { json?: boolean }) => {
      process.exitCode = await runDoctor({ write: (line) => void process.stdout.write(`${line}\n`) }, { json });
    });
}

const COLOURS: Readonly<Record<CheckStatus, number>> = { ok: 32, note: 33, failed: 31 };

/** Whether the main job can run. */
export function canRun(results: readonly CheckResult[]): boolean {
  return results.every(({ status }) => status !== 'failed');
}

/** The checks as aligned lines; what mends a thing stands on a line of its own, so that it can be copied. */
export function reportLines(
  results: readonly CheckResult[],
  { colour }: { readonly colour: boolean },
): readonly string[] {
  const width = Math.max(0, ...results.map(({ name }) => name.length));
  const paint = (text: string, code: number): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const lines = results.flatMap(({ name, status, detail, mend }) => [
    `${paint(status.padEnd(6), COLOURS[status])}  ${name.padEnd(width)}  ${detail}`,
    ...(mend === null ? [] : [`${' '.repeat(6)}  ${' '.repeat(width)}  $ ${mend}`]),
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

/** The same for programs. */
export function reportJson(results: readonly CheckResult[]): string {
  return JSON.stringify({ ok: canRun(results), checks: results }, null, 2);
}

/** What `fer doctor` looks at, in the order it prints. The engine comes before the weights, which are decoded on it. */
const CHECKS: readonly Check[] = [
  () => Promise.resolve(checkNodeVersion()),
  () => checkEngine(),
  () => Promise.resolve(checkTfjsPackages()),
  checkFfmpeg,
  checkWeights,
  () => checkModels(),
  checkSharp,
  () => checkCameras(),
  () => checkWriteAccess(),
];

interface DoctorOptions {
  readonly json?: boolean;
  /** Default: on a terminal, unless NO_COLOR is set. */
  readonly colour?: boolean;
}

/** All checks, one after the other. */
export async function runChecks(checks: readonly Check[] = CHECKS): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) results.push(...(await check()));
  return results;
}

/** Prints what this machine has and lacks. Returns the exit code: 0 when footage can be annotated here, else 1. */
export async function runDoctor(io: { write(line: string): void }, options: DoctorOptions = {}): Promise<number> {
  const { json = false, colour = process.stdout.isTTY && !process.env['NO_COLOR'] } = options;
  const results = await runChecks();
  for (const line of json ? [reportJson(results)] : reportLines(results, { colour })) io.write(line);
  return canRun(results) ? 0 : 1;
}
