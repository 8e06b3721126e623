import { spawn } from 'node:child_process';

export interface ProcessResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

/**
 * Statically linked ffprobe builds crash in glibc when an MPEG-TS file makes them load the system's character set modules;
 * with this variable set they find none and carry on. Names of broadcast services are all that is lost.
 */
const ENVIRONMENT = { GCONV_PATH: '/nonexistent' };

/**
 * Runs a short-lived program without a shell and collects what it says. A non-zero exit is a result, not an exception.
 * @param timeout in milliseconds; the program is killed after it.
 * @throws the spawn error (ENOENT, EACCES ...) when the program cannot be started.
 */
export async function runProcess(program: string, args: readonly string[], timeout: number): Promise<ProcessResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
      env: { ...process.env, ...ENVIRONMENT },
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeout);
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (exitCode) => {
      clearTimeout(timer);
      resolve({
        exitCode,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
        timedOut,
      });
    });
  });
}
