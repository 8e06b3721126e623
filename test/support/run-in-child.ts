import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { createRequire } from 'node:module';
import { builtFile } from './built-file.js';

const require = createRequire(import.meta.url);

/** What a child process left behind. */
export interface ChildOutcome {
  /** The value the script passed to `report`; undefined when it did not get that far. */
  readonly reported: unknown;
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

export interface ChildOptions {
  readonly cwd: string;
  /** Variables to set (or, with undefined, to unset) on top of this process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The node to run it with; default: this one. */
  readonly node?: string;
}

/** An absolute import specifier for a source file, given relative to the repository root. */
export function sourceUrl(file: string): string {
  return pathToFileURL(builtFile(file)).href;
}

/** An absolute import specifier for a package as this repository resolves it. */
export function packageUrl(name: string): string {
  return pathToFileURL(require.resolve(name)).href;
}

/**
 * Runs an ES module given as text in a separate process, which imports compiled sources (`sourceUrl`). The script has a function
 * `report(value)` that hands one JSON value back. For everything that would touch the process-wide TensorFlow.js engine.
 */
export async function runInChild(
  script: string,
  { cwd, env = {}, node = process.execPath }: ChildOptions,
): Promise<ChildOutcome> {
  const prelude = `const report = (value) => process.stdout.write('\\n@report ' + JSON.stringify(value) + '\\n');\n`;
  const child = spawn(node, ['--input-type=module', '-e', prelude + script], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exitCode = await new Promise<number | null>((resolve, reject) =>
    child.on('error', reject).on('close', resolve),
  );
  const line = /^@report (.*)$/m.exec(stdout)?.[1];
  return { reported: line === undefined ? undefined : (JSON.parse(line) as unknown), stdout, stderr, exitCode };
}
