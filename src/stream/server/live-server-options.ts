import { z } from 'zod';
import { FerError } from '../../errors/fer-error.js';
import type { LiveSource } from '../../ingest/live/live-source.js';
import { parseSettings } from '../pipeline/pipeline-settings.js';
import { isIPv4 } from 'node:net';

const pem = z.union(
  [z.string().min(1), z.custom<Uint8Array>((value) => value instanceof Uint8Array)],
  'give the text or the bytes of a PEM file',
);
const milliseconds = z.number().min(1).max(3_600_000);

const schema = z.strictObject({
  /** Address to listen on: 127.0.0.1 is this machine only, 0.0.0.0 all its networks, which needs a token. */
  host: z.string().min(1).default('127.0.0.1'),
  /** 0 picks a free port. */
  port: z.int().min(0).max(65_535).default(8787),
  /** Clients must send it (`?token=` or `Authorization: Bearer`); null: no token needed. */
  token: z.string().min(8).nullable().default(null),
  /** Other origins (scheme, host and port) whose pages may connect. Behind a reverse proxy: its address. */
  origins: z.array(z.string()).default([]),
  /** Open connections of each kind. */
  maxProducers: z.int().min(0).max(10_000).default(4),
  maxViewers: z.int().min(0).max(10_000).default(100),
  /** Certificate and key in PEM, for https and wss. */
  tls: z.strictObject({ cert: pem, key: pem }).nullable().default(null),
  /** Source for viewers. */
  source: z
    .custom<LiveSource>(
      (value) => typeof value === 'object' && value !== null && 'frames' in value,
      'is not a live source',
    )
    .nullable()
    .default(null),
  /** Folder of the page: by default ferstream's own; null serves none. */
  webFolder: z.string().min(1).nullable().optional(),
  /** Messages per second that a producer may send, with bursts of twice as many. */
  messagesPerSecond: z.number().positive().max(10_000).default(60),
  /** Milliseconds between pings; a client that misses three is disconnected. */
  pingEvery: milliseconds.default(5_000),
  /** Milliseconds between `stats` messages. */
  statsEvery: milliseconds.default(2_000),
  /** Milliseconds for which the source keeps running after the last viewer has left. */
  sourceLinger: milliseconds.default(5_000),
  /** Gets one line per internal error of the server; never the content of a frame. */
  log: z
    .custom<(line: string) => void>((value) => typeof value === 'function', 'is not a function')
    .default(() => () => undefined),
});

/** Complete with defaults. */
export type LiveServerSettings = z.output<typeof schema>;
/** The same as a user gives them: everything optional. */
export type LiveServerOptions = z.input<typeof schema>;

/** @throws FerError CONFIG_INVALID naming the setting */
export function parseServerOptions(options: LiveServerOptions): LiveServerSettings {
  const settings = parseSettings(schema, options);
  const { host, token, origins } = settings;
  if (token === null && !isLoopback(host)) {
    throw new FerError(
      'CONFIG_INVALID',
      `host: other machines can reach the server on ${host}, so it needs a token: set "token" (at least 8 characters), or listen on 127.0.0.1`,
    );
  }
  return { ...settings, origins: origins.map(normalOrigin) };
}

function normalOrigin(text: string): string {
  const { origin } = URL.canParse(text) ? new URL(text) : { origin: 'null' };
  if (origin === 'null')
    throw new FerError('CONFIG_INVALID', `origins: "${text}" is not an origin; write it like https://example.org:8443`);
  return origin;
}

/** Names and addresses under which a browser on the same machine reaches the server. */
export const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'] as const;

/** Whether a server on `host` is reachable from this machine only. Names other than localhost count as public. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'));
}
