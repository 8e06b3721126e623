import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { FerError } from '../errors/fer-error.js';
import { openLiveSource, parseSourceAddress } from '../ingest/live/index.js';
import type { LiveSource } from '../ingest/live/index.js';
import { openLiveEngine } from '../stream/live/index.js';
import type { LiveOptions } from '../stream/live/index.js';
import { isLoopback, openLiveServer, tryListening } from '../stream/server/index.js';
import type { LiveServerOptions } from '../stream/server/index.js';
import { EXIT } from './exit-codes.js';
import { interruptSignal } from './interrupt.js';
import { LiveActivity } from './live-activity.js';
import { invitation, pageAddress } from './live-invitation.js';
import { openBrowser } from './open-browser.js';
import { StatusLine } from './status-line.js';

/** The options of `fer live` as the command line gives them. */
export interface LiveFlags extends Pick<LiveOptions, 'model' | 'backend' | 'detectEvery' | 'bothSides'> {
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
export async function runLive(flags: LiveFlags): Promise<number> {
  const {
    host,
    port,
    allowOrigin: origins = [],
    maxProducers,
    maxViewers,
    model,
    backend,
    detectEvery,
    bothSides,
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
  const engine = await openLiveEngine({ model, backend, detectEvery, bothSides }, { warn: say });
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
