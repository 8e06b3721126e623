import { FerError } from '../../errors/fer-error.js';
import { findFfmpeg } from '../ffmpeg/binaries.js';
import { refusal } from '../probe/refusal.js';
import { LiveLog, startGuarded } from './guarded-process.js';
import { prepareInput } from './live-input.js';
import type { LiveInput } from './live-input.js';
import { PpmReader } from './ppm-reader.js';
import type { PpmPicture } from './ppm-reader.js';
import type { SourceAddress } from './live-source.js';

export interface ConnectionOptions {
  readonly maxWidth: number;
  /** Milliseconds. */
  readonly stallAfter: number;
  readonly onPicture: (picture: PpmPicture) => void;
  readonly signal: AbortSignal;
}

/** Why there are no more pictures. */
export type ConnectionEnd =
  /** All of them were read. */
  | { readonly kind: 'ended' }
  /** Trying again may help. */
  | { readonly kind: 'broken'; readonly reason: string }
  /** The pictures have another size now, and ffmpeg would stretch them to the first one's: restart it. */
  | { readonly kind: 'resized'; readonly reason: string };

/** A source counts as stalled after this many checks in a row: a process that was busy misses one of them, not all. */
const LOOKS = 5;

/**
 * Runs ffmpeg on a source once, until it ends, breaks off, stalls, or `signal` stops it; ffmpeg is gone when this returns.
 * @throws FerError INPUT_*: the source is missing, or is not a video source; FFMPEG_MISSING
 */
export async function readOnce(address: SourceAddress, options: ConnectionOptions): Promise<ConnectionEnd> {
  // First: what `prepareInput` opens is closed below.
  const { path: program, frameSync } = await findFfmpeg();
  const input = await prepareInput(address, options.maxWidth, 2 * options.stallAfter);
  try {
    const args = [
      '-nostdin',
      '-nostats',
      '-loglevel',
      'repeat+level+verbose',
      ...input.args,
      ...outputArgs(input, frameSync),
    ];
    return await run(program, args, address, input, options);
  } finally {
    await input.close();
  }
}

function outputArgs({ args, filters }: LiveInput, frameSync: string): string[] {
  const map = args.includes('-map') ? [] : ['-map', '0:V:0'];
  // One thread: encoders that work on several pictures at a time hold them back.
  return [
    ...map,
    '-an',
    '-sn',
    '-dn',
    frameSync,
    'passthrough',
    '-filter:v',
    filters,
    '-c:v',
    'ppm',
    '-threads',
    '1',
    '-f',
    'image2pipe',
    '-flush_packets',
    '1',
    'pipe:1',
  ];
}

async function run(
  program: string,
  args: readonly string[],
  address: SourceAddress,
  input: LiveInput,
  options: ConnectionOptions,
): Promise<ConnectionEnd> {
  const { signal, stallAfter, onPicture } = options;
  if (signal.aborted) return { kind: 'ended' };
  const ffmpeg = startGuarded(program, args);
  const reader = new PpmReader();
  const stop = new AbortController();
  const sizes = new Set<string>();
  const outcome: { end: ConnectionEnd | null } = { end: null };
  let pictures = 0;
  const finish = (end: ConnectionEnd): void => {
    if (outcome.end !== null) return;
    outcome.end = end;
    stop.abort();
  };
  const words = new LiveLog((size) => {
    sizes.add(size);
    if (sizes.size > 1) finish({ kind: 'resized', reason: `the picture is ${size} now` });
  });
  stop.signal.addEventListener('abort', () => {
    ffmpeg.stdout.removeAllListeners('data').resume();
    ffmpeg.kill();
  });
  const quit = (): void => {
    finish({ kind: 'ended' });
  };
  signal.addEventListener('abort', quit, { once: true });

  let silentLooks = 0;
  const watchdog = setInterval(() => {
    silentLooks++;
    if (silentLooks > LOOKS) finish({ kind: 'broken', reason: `no picture for ${stallAfter / 1000} s` });
  }, stallAfter / LOOKS);

  ffmpeg.stderr.setEncoding('utf8').on('data', (text: string) => {
    words.push(text);
  });
  ffmpeg.stdout.on('data', (chunk: Uint8Array) => {
    try {
      for (const picture of reader.push(chunk)) {
        if (outcome.end !== null) return;
        silentLooks = 0;
        pictures++;
        onPicture(picture);
      }
    } catch (error) {
      finish({ kind: 'broken', reason: FerError.from(error).message });
    }
  });

  try {
    const code = await ffmpeg.ended.catch((cause: unknown) => {
      throw new FerError('FFMPEG_MISSING', `${program} cannot be started: install ffmpeg, or set FFMPEG_PATH`, {
        cause,
      });
    });
    return outcome.end ?? judge(address, code, words.tail, input, pictures);
  } finally {
    clearInterval(watchdog);
    signal.removeEventListener('abort', quit);
    stop.abort();
  }
}

/** @throws FerError for a file that holds no footage */
function judge(
  address: SourceAddress,
  code: number | null,
  tail: readonly string[],
  { trouble }: LiveInput,
  pictures: number,
): ConnectionEnd {
  const finite = address.kind === 'file' || address.kind === 'lavfi';
  if (finite && pictures > 0 && code !== null) return { kind: 'ended' };
  if (finite && code === 0)
    throw new FerError('INPUT_UNREADABLE', `${address.name}: no picture in it: give another source`);
  if (address.kind === 'lavfi' && code !== null) {
    throw new FerError(
      'INPUT_UNREADABLE',
      `${address.name}: ffmpeg refuses it (${tail[0] ?? 'no reason given'}): check how the filter is written`,
    );
  }
  if (finite && code !== null) throw refusal(address.name, tail);
  if (trouble !== null) return { kind: 'broken', reason: reasonIn([trouble.reason])! };
  return {
    kind: 'broken',
    reason: reasonIn(tail) ?? (code === null ? 'ffmpeg died' : pictures === 0 ? 'no picture came' : 'the stream ended'),
  };
}

/** What people can do something about, by what ffmpeg says. */
const KNOWN: readonly (readonly [RegExp, string])[] = [
  [
    /\b401\b|authorization failed/i,
    'user name or password is missing or wrong: write them as in rtsp://user:password@host/path',
  ],
  [/\b404\b/i, 'nothing at this address (404): check the path'],
  [/Connection refused|ECONNREFUSED/i, 'connection refused: check the port, and that the camera is on'],
  [/ENOTFOUND|EAI_AGAIN/, 'no such host: check the address'],
  [
    /No route to host|Network is unreachable|EHOSTUNREACH|ENETUNREACH/i,
    'the host cannot be reached: check the address, and the network',
  ],
  [/timed out|ETIMEDOUT/i, 'no answer: check the address, and the network'],
  [/Device or resource busy/i, 'another program uses the camera: close it'],
  [/not on whitelist/i, 'is a picture or a playlist, not a video stream: give the address of the stream itself'],
];

/** Lines that only say that something failed. */
const EMPTY_WORDS =
  /Error marking filters|Conversion failed|Error while (processing|filtering)|Error opening (input|output)|Nothing was written|Broken pipe|does not contain any stream/i;

function reasonIn(tail: readonly string[]): string | null {
  const known = KNOWN.find(([pattern]) => tail.some((line) => pattern.test(line)));
  return known?.[1] ?? tail.findLast((line) => !EMPTY_WORDS.test(line)) ?? null;
}
