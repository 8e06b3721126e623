import type { CheckResult, CheckStatus } from './check.js';

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
