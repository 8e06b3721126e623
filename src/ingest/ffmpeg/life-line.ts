import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Writable } from 'node:stream';

/**
 * Keeps the ids of our processes. Its input closes when this process or thread ends, however that happens; then it kills those that still run.
 */
const KEEPER = `
ids=
while read -r sign id; do
  case $sign in
    +) ids="$ids $id" ;;
    -) rest=; for one in $ids; do [ "$one" = "$id" ] || rest="$rest $one"; done; ids=$rest ;;
  esac
done
[ -z "$ids" ] || kill -9 $ids
`;

let keeper: Writable | null = null;

/**
 * Has a child process killed when this process or thread is gone, also after SIGKILL: ffmpeg ends by itself only when it writes to a closed pipe, and it may
 * decode for hours, or write a file, before it does. On Windows Node's children end with it.
 */
export function dieWithUs(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined || process.platform === 'win32') return;
  const line = (keeper ??= startKeeper());
  line.write(`+ ${pid}\n`);
  child.once('exit', () => {
    line.write(`- ${pid}\n`);
  });
}

function startKeeper(): Writable {
  // In a process group of its own: Ctrl-C in the terminal does not reach it.
  const shell = spawn('/bin/sh', ['-c', KEEPER], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  const line: Writable = shell.stdin;
  const lost = (): void => {
    if (keeper === line) keeper = null;
  };
  shell.once('error', lost);
  shell.once('exit', lost);
  line.on('error', lost);
  // Neither keeps this process running.
  shell.unref();
  (line as Writable & { unref(): void }).unref(); // a pipe is a socket
  return line;
}
