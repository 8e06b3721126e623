import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { builtFile } from './built-file.js';

export interface FerRun {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningFer {
  readonly child: ChildProcess;
  readonly ended: Promise<FerRun>;
  /** Resolves when `text` has been printed, rejects when the run ends without it. */
  printed(text: string): Promise<void>;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Starts the command line from its sources, as a separate process. */
export function startFer(args: readonly string[], env: NodeJS.ProcessEnv = {}): RunningFer {
  const child = spawn(process.execPath, [builtFile('src/cli/main.ts'), ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const watchers = new Set<() => void>();
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    for (const check of watchers) check();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    for (const check of watchers) check();
  });
  const ended = new Promise<FerRun>((resolve) => {
    child.on('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr });
    });
  });
  const printed = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        if (!`${stdout}${stderr}`.includes(text)) return;
        watchers.delete(check);
        resolve();
      };
      watchers.add(check);
      check();
      void ended.then((run) => {
        reject(new Error(`ended (${String(run.code)}) without printing "${text}": ${run.stderr}`));
      });
    });
  return { child, ended, printed };
}

export function runFer(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<FerRun> {
  return startFer(args, env).ended;
}
