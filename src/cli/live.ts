import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { FerError, printable } from '../errors/fer-error.js';
import type { LiveSource } from '../ingest/live/live-source.js';
import type { LiveOptions } from '../stream/live/live-engine.js';
import type { LiveServerOptions } from '../stream/server/live-server-options.js';
import { EXIT, interruptSignal } from './exit.js';
import { LiveActivity } from './live-activity.js';
import {
  backendOption,
  detectEveryOption,
  modelOption,
  number,
  priorOption,
  readPrior,
  rotateOption,
} from './options.js';
import { StatusLine } from './progress.js';

const DEFAULT_PORT = 8787;

export function liveCommand(program: Command): void {
  program
    .command('live')
    .summary('live expressions from a webcam, camera, stream or file')
    .description(
      'Serves a page that shows the expressions in the video of a webcam in the browser or, with --source, of a camera, stream or file on this machine. Ctrl-C stops it.',
    )
    .option('--source <source>', '/dev/video0, rtsp://..., http(s)://..., a file, or lavfi:FILTER')
    .option('--loop', 'repeat a file')
    .option('--host <address>', 'listen on this address; 0.0.0.0 for all networks', '127.0.0.1')
    .option('--port <n>', 'port; 0 takes a free one', number, DEFAULT_PORT)
    .option('--no-open', 'do not open the page in a browser')
    .option(
      '--token <text>',
      'token clients must send, at least 8 characters (default: random when other machines can connect)',
    )
    .option('--cert <file>', 'certificate (PEM) for https; browsers on other machines need it for the camera')
    .option('--key <file>', 'key of the certificate (PEM)')
    .option('--allow-origin <origin...>', 'other web sites that may connect, such as https://example.org')
    .option('--max-producers <n>', 'maximum number of clients that send frames', number, 4)
    .option('--max-viewers <n>', 'maximum number of clients that watch the source', number, 100)
    .addOption(modelOption())
    .addOption(backendOption({ trains: false }))
    .addOption(priorOption())
    .option('--flip-tta', 'average each face with its mirror image: slightly more accurate, twice the work')
    .addOption(detectEveryOption())
    .addOption(rotateOption())
    .addHelpText(
      'after',
      '\nExamples:\n  fer live\n  fer live --source rtsp://user:password@camera/stream1\n  fer live --host 0.0.0.0 --cert cert.pem --key key.pem',
    )
    .action(async (flags: LiveFlags) => {
      process.exitCode = await runLive(flags);
    });
}

interface LiveFlags extends Pick<LiveOptions, 'model' | 'backend' | 'detectEvery' | 'rotate' | 'flipTta'> {
  readonly prior: string;
  readonly source?: string;
  readonly loop?: boolean;
  readonly host: string;
  readonly port: number;
  readonly open: boolean;
  readonly token?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly allowOrigin?: string[];
  readonly maxProducers: number;
  readonly maxViewers: number;
}

/** 24 characters. */
const TOKEN_BYTES = 18;

/** Serves until Ctrl-C. Returns the exit code. */
async function runLive(flags: LiveFlags): Promise<number> {
  const { openLiveEngine } = await import('../stream/live/open-live-engine.js');
  const { isLoopback } = await import('../stream/server/live-server-options.js');
  const { openLiveServer, assertCanListen } = await import('../stream/server/live-server.js');
  const { shippedPage } = await import('../stream/server/static-files.js');
  const { invitation, openBrowser, pageAddress } = await import('./live-page.js');
  const {
    host,
    port,
    allowOrigin: origins = [],
    maxProducers,
    maxViewers,
    model,
    backend,
    detectEvery,
    rotate,
    flipTta,
  } = flags;
  const prior = await readPrior(flags.prior);
  const tls = await readTls(flags);
  const source = await sourceOf(flags);
  const webFolder = shippedPage();
  const token = flags.token ?? (isLoopback(host) ? null : randomBytes(TOKEN_BYTES).toString('base64url'));
  const serverOptions: LiveServerOptions = { host, port, token, origins, maxProducers, maxViewers, tls, webFolder };
  await assertCanListen(serverOptions);
  const interrupted = interruptSignal();
  const line = new StatusLine(process.stderr);
  const say = (text: string): void => {
    line.print(`fer live: ${printable(text)}`);
  };

  say('loading the networks');
  const engine = await openLiveEngine({ model, backend, detectEvery, rotate, flipTta, prior }, { warn: say });
  try {
    if (interrupted.aborted) return EXIT.interrupted;
    const activity = new LiveActivity(engine, source);
    const server = await openLiveServer(activity.engine, { ...serverOptions, source: activity.source, log: say });
    try {
      process.stdout.write(
        `${invitation(server, { host, token, secure: tls !== null, source: source?.name ?? null })
          .map(printable)
          .join('\n')}\n`,
      );
      if (webFolder === null) say('the page is not built, only programs can connect; run: npm run build');
      else if (flags.open) openBrowser(pageAddress(server.url, token));
      activity.onSource = say;
      await showStatus(line, () => activity.describe(), interrupted);
    } finally {
      line.clear();
      await server.close();
    }
  } finally {
    await engine.close();
  }
  return EXIT.interrupted;
}

/** Updates the status line until the signal. */
async function showStatus(line: StatusLine, describe: () => string, until: AbortSignal): Promise<void> {
  const timer = setInterval(() => {
    line.show(describe());
  }, line.interval);
  await new Promise<void>((resolve) => {
    if (until.aborted) resolve();
    until.addEventListener('abort', () => {
      resolve();
    });
  });
  clearInterval(timer);
}

/** @throws FerError USAGE; INPUT_NOT_FOUND for a missing file, which otherwise shows only when a client watches */
async function sourceOf({ source, loop = false }: LiveFlags): Promise<LiveSource | null> {
  const { openLiveSource } = await import('../ingest/live/ffmpeg-live-source.js');
  const { parseSourceAddress } = await import('../ingest/live/live-source.js');
  const address = source === undefined ? null : parseSourceAddress(source);
  if (loop && address?.kind !== 'file') throw new FerError('USAGE', '--loop needs a file as --source');
  if (source === undefined || address === null) return null;
  if (address.kind === 'file' && !existsSync(address.path)) {
    throw new FerError(
      'INPUT_NOT_FOUND',
      `--source: ${source}: no such file; check the name, or give a camera, an address or lavfi:FILTER`,
    );
  }
  return openLiveSource(source, { loop });
}

async function readTls({ cert, key }: LiveFlags): Promise<{ cert: Buffer; key: Buffer } | null> {
  if (cert === undefined && key === undefined) return null;
  if (cert === undefined || key === undefined) throw new FerError('USAGE', 'https needs both --cert and --key');
  return { cert: await read('--cert', cert), key: await read('--key', key) };
}

async function read(option: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new FerError(
      'CONFIG_INVALID',
      `${option}: ${path} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown reason'}); check the path and its permissions`,
      { cause },
    );
  }
}
