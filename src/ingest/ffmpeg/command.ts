import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import ffmpeg from 'fluent-ffmpeg';
import { DecodeLog } from './decode-log.js';
import type { ProcessOutput } from './process-output.js';

/*
 * The one place that knows fluent-ffmpeg. What it guards against, all observed:
 * - kill() does nothing until the process runs: an earlier stop is kept until `start`.
 * - the command may report its end before the process is gone: `ended` waits for both.
 * - an `error` without a listener takes Node down, and stopping a command is an error to it: there is always a listener.
 * - it starts ffmpeg twice to ask for its encoders and formats before the first job: it believes that ours exist. ffmpeg says so where they don't.
 * - it reads standard output through streams of its own, and kills ffmpeg 20 ms after the last of them was closed: it is not given any.
 * - a failed spawn makes it throw inside an event handler: its listener is replaced as soon as the process object exists.
 * - option strings with one blank in them are split in two unless handed over one by one.
 */

export interface FfmpegInput {
  /** A file, a URL, or a stream that is piped into ffmpeg. */
  readonly source: string | Readable;
  /** Options before its -i. */
  readonly options: readonly string[];
}

export interface FfmpegJob {
  /** The program, see findFfmpeg. */
  readonly program: string;
  readonly inputs: readonly FfmpegInput[];
  /** Options of the one output, filters included. */
  readonly outputOptions: readonly string[];
  /** A file to write (overwritten if there), or what takes ffmpeg's standard output. */
  readonly target: string | ProcessOutput;
}

/** How ffmpeg ended. */
export interface FfmpegEnd {
  /** Null when it was killed or never started. */
  readonly exitCode: number | null;
  /** True when `stop` ended it. */
  readonly stopped: boolean;
  /** Error of fluent-ffmpeg; null after a clean end. */
  readonly failure: Error | null;
  readonly log: DecodeLog;
}

export interface FfmpegRun {
  /** What ffmpeg has printed so far. */
  readonly log: DecodeLog;
  /** Fulfilled, never rejected, once the process is gone. */
  readonly ended: Promise<FfmpegEnd>;
  /** Kills ffmpeg, also one that is just being started; fulfilled once the process is gone. Harmless afterwards. */
  stop(): Promise<FfmpegEnd>;
}

/** Exit code with which ffmpeg says that more decoding failed than -max_error_rate allows. */
export const EXIT_TOO_MANY_ERRORS = 69;
/** Exit code of ffmpeg after a signal. */
export const EXIT_SIGNALLED = 255;

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Parts of a fluent-ffmpeg command that its types do not mention. */
interface CommandInternals {
  readonly ffmpegProc?: ChildProcess;
  _checkCapabilities: (done: () => void) => void;
  availableEncoders: (done: (error: null, encoders: object) => void) => void;
  _spawnFfmpeg: (args: string[], options: object, ...callbacks: unknown[]) => void;
}

/** Starts ffmpeg. It never reads the terminal, and prints errors only, every one of them. */
export function startFfmpeg(job: FfmpegJob): FfmpegRun {
  const log = new DecodeLog();
  const command = ffmpeg().setFfmpegPath(job.program);
  const internals = command as unknown as CommandInternals;
  internals._checkCapabilities = (done) => {
    done();
  };
  internals.availableEncoders = (done) => {
    done(null, {});
  };
  for (const input of job.inputs) {
    command.input(input.source);
    if (input.options.length > 0) command.inputOptions(...oneByOne(input.options));
  }
  command.outputOptions(...oneByOne(['-nostdin', '-loglevel', 'repeat+error', ...job.outputOptions]));

  let child: ChildProcess | null = null;
  let exited: Promise<void> = Promise.resolve();
  let stopAsked = false;
  let stopped = false;
  const output = typeof job.target === 'string' ? null : job.target;
  if (output !== null) {
    const spawnFfmpeg = internals._spawnFfmpeg.bind(command);
    internals._spawnFfmpeg = (args, options, ...callbacks) => {
      const stdio = ['pipe', output.stdio, 'pipe'];
      spawnFfmpeg(args, { ...options, captureStdout: false, stdio }, ...callbacks);
    };
  }

  const kill = (): void => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    stopped = true;
    child.kill('SIGKILL');
    output?.end();
  };

  const failure = new Promise<Error | null>((resolve) => {
    command.on('stderr', (line: string) => {
      log.add(line);
    });
    command.on('start', () => {
      const started = internals.ffmpegProc;
      if (started === undefined) return;
      child = started;
      if (started.pid === undefined) {
        started.removeAllListeners('error');
        started.once('error', resolve);
        return;
      }
      running.add(started);
      dieWithUs(started);
      output?.attach(started.stdout);
      exited = new Promise((done) => {
        started.once('exit', () => {
          running.delete(started);
          done();
        });
      });
      if (stopAsked) kill();
    });
    command.once('end', () => {
      resolve(null);
    });
    command.on('error', (error: Error) => {
      resolve(error);
    });
  });

  const ended = failure.then(async (error): Promise<FfmpegEnd> => {
    await exited;
    if (child?.pid === undefined) output?.end(); // never started; otherwise its standard output ends it, once drained
    return { exitCode: child?.exitCode ?? null, stopped, failure: error, log };
  });

  command.save(typeof job.target === 'string' ? job.target : 'pipe:1');

  return {
    log,
    ended,
    stop: async () => {
      stopAsked = true;
      kill();
      return ended;
    },
  };
}

/** fluent-ffmpeg leaves options alone only when it is given at least two arguments. */
function oneByOne(options: readonly string[]): string[] {
  if (options.length < 2) throw new RangeError('ffmpeg options come in pairs');
  return [...options];
}

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
function dieWithUs(child: ChildProcess): void {
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
