import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { printable } from '../../errors/fer-error.js';
import { withoutPasswords } from './live-source.js';

/** How many of the last complaints are kept to explain an end. */
const KEPT = 20;
const LEVEL = /\[(error|fatal|panic)\] /;
/** Printed whenever ffmpeg (re)builds its filters: the size of what it decodes. */
const FILTERS_BUILT = /\[graph [^\]]*\] \[verbose\] w:(\d+) h:(\d+) /;

/** What ffmpeg says on stderr at `-loglevel repeat+level+verbose`: why it ended, and how large the pictures are that it decodes. */
export class LiveLog {
  private unfinished = '';
  private readonly complaints: string[] = [];

  /** @param onSize called with the decoded size in pixels, at the beginning and when it may have changed */
  constructor(private readonly onSize: (size: string) => void) {}

  push(text: string): void {
    const lines = (this.unfinished + text).split(/[\r\n]+/);
    this.unfinished = lines.pop()!.slice(-1000);
    for (const line of lines) this.takeLine(line);
  }

  private takeLine(line: string): void {
    const [, width, height] = FILTERS_BUILT.exec(line) ?? [];
    if (width !== undefined) this.onSize(`${width} x ${height!}`);
    if (!LEVEL.test(line)) return;
    // "[rtsp @ 0x55d0c] [error] method DESCRIBE failed: 401 Unauthorized" -> the words alone
    const words = printable(line.replace(/\[[^\]]* @ 0x[0-9a-f]+\] /g, '').replace(LEVEL, ''));
    this.complaints.push(withoutPasswords(words));
    if (this.complaints.length > KEPT) this.complaints.shift();
  }

  /** The last complaints, oldest first, without passwords. */
  get tail(): readonly string[] {
    return this.complaints;
  }
}

/** A program that never outlives this process. */
interface GuardedProcess {
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
