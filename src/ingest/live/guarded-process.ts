import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

/** A program that never outlives this process. */
export interface GuardedProcess {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Its exit code, null when it was killed, once all that it said has been read; rejected when it could not be started. */
  readonly ended: Promise<number | null>;
  kill(): void;
}

/**
 * Runs the program next to a reader of descriptor 3, the life line: when that closes, because the process at its other end closed it or is gone, however
 * that happened, the program is killed. The shell stays its parent, so that no zombie is left for another process to reap.
 */
const GUARD = `
"$@" 3<&- &
program=$!
{ read -r line <&3; kill -9 $program; } >/dev/null 2>&1 &
reader=$!
exec 3<&-
wait $program
code=$?
{ kill $reader; wait $reader; } >/dev/null 2>&1
exit $code
`;
/** What a shell says of a program that SIGKILL ended. */
const KILLED = 128 + 9;
const LIFE_LINE = 3;

/**
 * Starts a program, without input, that dies with this process, also when this process is killed with SIGKILL: a program that waits for a silent network
 * peer would not notice. On Windows Node puts its children into a job that ends with it, so nothing is needed there.
 */
export function startGuarded(program: string, args: readonly string[]): GuardedProcess {
  if (process.platform === 'win32') {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
    return {
      stdout: child.stdout,
      stderr: child.stderr,
      ended: exitCode(once(child, 'close')),
      kill: () => void child.kill('SIGKILL'),
    };
  }
  // A separate process group: Ctrl-C in the terminal reaches this process only, which then stops the program cleanly.
  const child = spawn('/bin/sh', ['-c', GUARD, 'sh', program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const lifeLine = child.stdio[LIFE_LINE] as Writable;
  const cut = (): void => void lifeLine.destroy();
  lifeLine.on('error', cut);
  child.once('exit', cut);
  return {
    stdout: child.stdout as Readable,
    stderr: child.stderr as Readable,
    ended: exitCode(once(child, 'close')),
    kill: cut,
  };
}

async function exitCode(end: Promise<unknown[]>): Promise<number | null> {
  const [code] = (await end) as [number | null];
  return code === KILLED ? null : code;
}
