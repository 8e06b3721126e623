import { constants } from 'node:fs';
import { access, chmod, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { FerError } from '../../errors/fer-error.js';
import { execFile } from 'node:child_process';

/** Where a program was found: an environment variable, PATH, or the npm package that brings one along. */
export type BinaryOrigin = 'environment' | 'path' | 'bundled';

export interface FfmpegBinary {
  readonly path: string;
  /** As the program prints it, e.g. "5.1.9-0+deb12u1". */
  readonly version: string;
  readonly origin: BinaryOrigin;
  /** The option that stops ffmpeg from adding and dropping frames: builds before 5.1 know only the older one. */
  readonly frameSync: '-fps_mode' | '-vsync';
}

interface Program {
  readonly name: 'ffmpeg' | 'ffprobe';
  readonly variable: 'FFMPEG_PATH' | 'FFPROBE_PATH';
  readonly bundle: '@ffmpeg-installer/ffmpeg' | '@ffprobe-installer/ffprobe';
}

const FFMPEG: Program = { name: 'ffmpeg', variable: 'FFMPEG_PATH', bundle: '@ffmpeg-installer/ffmpeg' };
const FFPROBE: Program = { name: 'ffprobe', variable: 'FFPROBE_PATH', bundle: '@ffprobe-installer/ffprobe' };

/** Milliseconds for a program to print its options. Generous: a cold 80 MB binary on a busy disk is slow. */
const START_TIMEOUT = 30_000;

const require = createRequire(import.meta.url);
const found = new Map<string, Promise<FfmpegBinary>>();

/**
 * The ffmpeg to use: FFMPEG_PATH, else the one on PATH, else the one of @ffmpeg-installer.
 * @throws FerError FFMPEG_MISSING, also when FFMPEG_PATH names something that does not start.
 */
export async function findFfmpeg(): Promise<FfmpegBinary> {
  return find(FFMPEG);
}

/**
 * The ffprobe to use: FFPROBE_PATH, else the one on PATH, else the one of @ffprobe-installer.
 * @throws FerError FFMPEG_MISSING, also when FFPROBE_PATH names something that does not start.
 */
export async function findFfprobe(): Promise<FfmpegBinary> {
  return find(FFPROBE);
}

/** Begins to look for both, which takes as long as they take to start; who needs them gets the error. */
export function lookForFfmpeg(): void {
  for (const search of [findFfmpeg(), findFfprobe()]) search.catch(() => undefined);
}

/** One search per program and environment; a failed one is not remembered, so that a repaired machine works at once. */
async function find(program: Program): Promise<FfmpegBinary> {
  const key = [program.name, process.env[program.variable] ?? '', process.env['PATH'] ?? ''].join('\n');
  const known = found.get(key);
  if (known) return known;
  const search = searchFor(program);
  found.set(key, search);
  search.catch(() => found.delete(key));
  return search;
}

async function searchFor(program: Program): Promise<FfmpegBinary> {
  const chosen = process.env[program.variable];
  if (chosen) {
    try {
      return await start(chosen, 'environment');
    } catch (cause) {
      throw new FerError(
        'FFMPEG_MISSING',
        `${program.variable}=${chosen} cannot be started as ${program.name}: point it at a working ${program.name}, or unset it`,
        { cause },
      );
    }
  }
  const failures: unknown[] = [];
  for await (const [path, origin] of candidates(program)) {
    try {
      return await start(path, origin);
    } catch (error) {
      failures.push(error);
    }
  }
  throw new FerError(
    'FFMPEG_MISSING',
    `no working ${program.name} on PATH or in node_modules: install ffmpeg, or run "npm install ${program.bundle}", or set ${program.variable}`,
    { cause: new AggregateError(failures, `no ${program.name}`) },
  );
}

async function* candidates(program: Program): AsyncGenerator<[path: string, origin: BinaryOrigin]> {
  const file = process.platform === 'win32' ? `${program.name}.exe` : program.name;
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (folder === '') continue;
    const path = join(folder, file);
    if (await isExecutable(path)) yield [path, 'path'];
  }
  const bundled = bundledPath(program);
  if (bundled !== null) {
    await makeExecutable(bundled);
    yield [bundled, 'bundled'];
  }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

function bundledPath(program: Program): string | null {
  try {
    return (require(program.bundle) as { readonly path: string }).path;
  } catch {
    return null; // not installed, or nothing for this platform
  }
}

/** The installer package sets the mode in an install script, which npm may be configured not to run. */
export async function makeExecutable(path: string): Promise<void> {
  if (process.platform === 'win32' || (await isExecutable(path))) return;
  try {
    await chmod(path, 0o755);
  } catch {
    // Read-only installation: starting it will say so.
  }
}

/** One start tells the version and, from the list of options, the name of the frame-sync option. */
async function start(path: string, origin: BinaryOrigin): Promise<FfmpegBinary> {
  const { exitCode, stdout, stderr } = await runProcess(path, ['-h', 'long'], START_TIMEOUT);
  const text = `${stdout}\n${stderr}`;
  const version = /^ff(?:mpeg|probe) version (\S+)/m.exec(text)?.[1];
  if (exitCode !== 0 || version === undefined)
    throw new Error(`${path} did not answer like ffmpeg: ${text.slice(0, 200)}`);
  return { path, version, origin, frameSync: /^-fps_mode\b/m.test(text) ? '-fps_mode' : '-vsync' };
}

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
