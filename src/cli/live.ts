import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { FerError } from '../errors/fer-error.js';
import { openLiveSource } from '../ingest/live/ffmpeg-live-source.js';
import { parseSourceAddress } from '../ingest/live/source-address.js';
import type { LiveSource } from '../ingest/live/live-source.js';
import type { LiveOptions } from '../stream/live/live-options.js';
import type { LiveServerOptions } from '../stream/server/live-server-options.js';
import { EXIT, interruptSignal } from './exit.js';
import { LiveActivity } from './live-activity.js';
import { invitation, pageAddress, openBrowser } from './live-page.js';
import { backendOption, modelOption, number } from './options.js';
import { StatusLine } from './progress.js';

const DEFAULT_PORT = 8787;

export function liveCommand(program: Command): void {
  program
    .command('live')
    .summary('expressions live: of a webcam in the browser, or of a camera, stream or file on this machine')
    .description(
      "Serves a page that shows the expressions in the picture of its visitor's webcam, and, with --source, in that of a camera, stream or file here. Ctrl-C ends it.",
    )
    .option(
      '--source <source>',
      'what to watch: /dev/video0, rtsp://..., http(s)://... (MJPEG and others), a file, or lavfi:FILTER',
    )
    .option('--loop', 'begin a file anew at its end')
    .option(
      '--host <address>',
      'where to listen: 127.0.0.1 is this machine only, 0.0.0.0 all its networks',
      '127.0.0.1',
    )
    .option('--port <n>', '0 takes any that is free', number, DEFAULT_PORT)
    .option('--no-open', 'do not open the page in the browser')
    .option(
      '--token <text>',
      'what clients must show (8 characters or more); made up when others can reach the server and none is given',
    )
    .option('--cert <file>', 'certificate (PEM), for https: browsers give cameras to pages from other machines only so')
    .option('--key <file>', 'its key (PEM)')
    .option('--allow-origin <origin...>', 'web sites whose pages may connect too, as https://example.org')
    .option('--max-producers <n>', 'so many may send pictures at a time', number, 4)
    .option('--max-viewers <n>', 'so many may watch the source at a time', number, 100)
    .addOption(modelOption())
    .addOption(backendOption())
    .option('--both-sides', 'look at the mirror image of each face too: a little more often right, for twice the work')
    .option('--detect-every <n>', 'detect on every n-th picture, follow faces in between', number, 5)
    .addHelpText(
      'after',
      '\nExamples:\n  fer live\n  fer live --source rtsp://user:password@camera/stream1\n  fer live --host 0.0.0.0 --cert cert.pem --key key.pem',
    )
    .action(async (flags: LiveFlags) => {
      process.exitCode = await runLive(flags);
    });
}

/** The options of `fer live` as the command line gives them. */
interface LiveFlags extends Pick<LiveOptions, 'model' | 'backend' | 'detectEvery' | 'flipTta'> {
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

/** 24 characters that nobody guesses. */
const TOKEN_BYTES = 18;

/** Serves until it is interrupted; returns the exit code. */
async function runLive(flags: LiveFlags): Promise<number> {
  const { openLiveEngine } = await import('../stream/live/index.js');
  const { isLoopback, openLiveServer, tryListening } = await import('../stream/server/index.js');
  const {
    host,
    port,
    allowOrigin: origins = [],
    maxProducers,
    maxViewers,
    model,
    backend,
    detectEvery,
    flipTta,
  } = flags;
  const tls = await readTls(flags);
  const source = sourceOf(flags);
  const webFolder = pageFolder();
  const token = flags.token ?? (isLoopback(host) ? null : randomBytes(TOKEN_BYTES).toString('base64url'));
  const serverOptions: LiveServerOptions = { host, port, token, origins, maxProducers, maxViewers, tls, webFolder };
  await tryListening(serverOptions);
  const interrupted = interruptSignal();
  const line = new StatusLine(process.stderr);
  const say = (text: string): void => {
    line.print(`fer live: ${text}`);
  };

  say('loading the networks');
  const engine = await openLiveEngine({ model, backend, detectEvery, flipTta }, { warn: say });
  try {
    if (interrupted.aborted) return EXIT.interrupted;
    const activity = new LiveActivity(engine, source);
    const server = await openLiveServer(activity.engine, { ...serverOptions, source: activity.source, log: say });
    try {
      process.stdout.write(
        `${invitation(server, { host, token, secure: tls !== null, source: source?.name ?? null }).join('\n')}\n`,
      );
      if (webFolder === null) say('the page is not built, so only programs can connect: npm run build');
      else if (flags.open) openBrowser(pageAddress(server.url, token));
      activity.onSource = say;
      await shown(line, () => activity.describe(), interrupted);
    } finally {
      line.clear();
      await server.close();
    }
  } finally {
    await engine.close();
  }
  return EXIT.interrupted;
}

/** Keeps the status line up to date until the signal. */
async function shown(line: StatusLine, describe: () => string, until: AbortSignal): Promise<void> {
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

/** @throws FerError USAGE; INPUT_NOT_FOUND for a file that is not there, which would otherwise show only when somebody watches */
function sourceOf({ source, loop = false }: LiveFlags): LiveSource | null {
  if (source === undefined) return null;
  const address = parseSourceAddress(source);
  if (address.kind === 'file' && !existsSync(address.path)) {
    throw new FerError(
      'INPUT_NOT_FOUND',
      `--source: ${source}: no such file: check the name, or give a camera, an address or lavfi:FILTER`,
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
      `${option}: ${path} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'no reason given'}): check the path and who may read it`,
      { cause },
    );
  }
}

/** Where the built page lies: beside this file in a build, in dist/ for who runs the sources. Null when it has not been built. */
function pageFolder(): string | null {
  const places = ['../stream/web/', '../../dist/stream/web/'].map((place) =>
    fileURLToPath(new URL(place, import.meta.url)),
  );
  return places.find((place) => existsSync(`${place}index.html`)) ?? null;
}
