import { checkCameras } from './cameras.js';
import type { Check, CheckResult } from './check.js';
import { checkEngine } from './engine.js';
import { checkFfmpeg } from './ffmpeg.js';
import { checkModels } from './models.js';
import { checkNodeVersion } from './node-version.js';
import { canRun, reportJson, reportLines } from './report.js';
import { checkSharp } from './sharp.js';
import { checkTfjsPackages } from './tfjs-packages.js';
import { checkWeights } from './weights.js';
import { checkWriteAccess } from './write-access.js';

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

export interface DoctorOptions {
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
