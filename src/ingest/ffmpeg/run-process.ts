import { execFile } from 'node:child_process';

export interface ProcessResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

/**
 * Statically linked ffprobe builds crash in glibc when an MPEG-TS file makes them load the system's character set modules;
 * with this variable set they find none and carry on. Only names of broadcast services are lost.
 */
const ENVIRONMENT = { GCONV_PATH: '/nonexistent' };

/**
 * Runs a short-lived program without a shell and collects what it prints. A non-zero exit is a result, not an exception.
 * @param timeout milliseconds after which the program is killed
 * @throws the spawn error (ENOENT, EACCES ...) when the program cannot be started
 */
export async function runProcess(program: string, args: readonly string[], timeout: number): Promise<ProcessResult> {
  const options = { timeout, killSignal: 'SIGKILL', maxBuffer: Infinity, windowsHide: true } as const;
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      { ...options, env: { ...process.env, ...ENVIRONMENT } },
      (error, stdout, stderr) => {
        const cause: Error | null = error;
        if (cause !== null && typeof error?.code === 'string') reject(cause);
        else resolve({ exitCode: child.exitCode, stdout, stderr, timedOut: error?.killed === true });
      },
    );
    child.stdin?.end();
  });
}
