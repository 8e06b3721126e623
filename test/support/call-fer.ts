import { vi } from 'vitest';
import type { FerRun } from './run-fer.js';

let calls = 0;
// Each call listens for the end of the process, beside modules that have to go on doing so.
process.setMaxListeners(0);

/**
 * Runs the command line in this process, where the modules and the engine are loaded already. For tests of what a command does;
 * those of its process (signals, exit, standard input) start one by `startFer`. One at a time.
 */
export async function callFer(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<FerRun> {
  const before = { argv: process.argv, env: { ...process.env }, exitCode: process.exitCode };
  const listeners = EVENTS.map(({ emitter, name }) => emitter.listeners(name));
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    process.argv = [process.execPath, 'fer', ...args];
    Object.assign(process.env, env);
    process.exitCode = undefined;
    // Another address, so that it runs again; what it imports stays loaded.
    const main = `../../src/cli/main.js?call=${(calls += 1)}`;
    await (import(/* @vite-ignore */ main) as Promise<unknown>);
    const text = (write: typeof stdout): string => write.mock.calls.map(([chunk]) => String(chunk)).join('');
    const { exitCode = 0 } = process as { exitCode?: number };
    return { code: exitCode, signal: null, stdout: text(stdout), stderr: text(stderr) };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
    process.argv = before.argv;
    process.exitCode = before.exitCode;
    for (const name of Object.keys(env)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, before.env);
    for (const [i, { emitter, name }] of EVENTS.entries())
      for (const listener of emitter.listeners(name))
        if (!listeners[i]!.includes(listener)) emitter.removeListener(name, listener as () => void);
  }
}

/** What a command listens to until its process ends. */
const EVENTS: readonly { readonly emitter: NodeJS.EventEmitter; readonly name: string }[] = [
  { emitter: process, name: 'SIGINT' },
  { emitter: process, name: 'SIGTERM' },
  { emitter: process.stdout, name: 'error' },
  { emitter: process.stderr, name: 'error' },
];
