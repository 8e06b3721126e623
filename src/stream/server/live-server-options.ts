import { z } from 'zod';
import { FerError } from '../../errors/fer-error.js';
import type { LiveSource } from '../../ingest/live/live-source.js';
import { parseSettings } from '../pipeline/pipeline-settings.js';
import { isIPv4 } from 'node:net';

const pem = z.union([z.string().min(1), z.custom<Uint8Array>((value) => value instanceof Uint8Array)]);
const milliseconds = z.number().min(1).max(3_600_000);

const schema = z.strictObject({
  /** Where to listen: 127.0.0.1 is this machine only, 0.0.0.0 every network it is in; the latter needs a token. */
  host: z.string().min(1).default('127.0.0.1'),
  /** 0 takes a free one. */
  port: z.int().min(0).max(65_535).default(8787),
  /** What clients must show to send or watch (`?token=` or `Authorization: Bearer`); null asks for nothing. */
  token: z.string().min(8).nullable().default(null),
  /** Web sites (scheme, host and port) whose pages may connect, beside the server's own; for a reverse proxy, its address. */
  origins: z.array(z.string()).default([]),
  /** Connections of each kind at a time. */
  maxProducers: z.int().min(0).max(10_000).default(4),
  maxViewers: z.int().min(0).max(10_000).default(100),
  /** PEM of a certificate and its key, for https and wss. */
  tls: z.strictObject({ cert: pem, key: pem }).nullable().default(null),
  /** What viewers watch. */
  source: z
    .custom<LiveSource>(
      (value) => typeof value === 'object' && value !== null && 'frames' in value,
      'is no live source',
    )
    .nullable()
    .default(null),
  /** Folder of the built page; null serves none. */
  webFolder: z.string().min(1).nullable().default(null),
  /** Messages a second that a producer may send; twice as many in one go. */
  messagesPerSecond: z.number().positive().max(10_000).default(60),
  /** Milliseconds between pings; who has not been heard for three of them is cut off. */
  pingEvery: milliseconds.default(5_000),
  /** Milliseconds between `stats` messages. */
  statsEvery: milliseconds.default(2_000),
  /** Milliseconds for which the source goes on when the last viewer has left. */
  sourceLinger: milliseconds.default(5_000),
  /** Gets one line for each fault of the server itself; never anything out of a frame. */
  log: z
    .custom<(line: string) => void>((value) => typeof value === 'function', 'is no function')
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
      `host: on ${host} others can reach the server, so it needs a token: give one with "token" (8 characters or more), or listen on 127.0.0.1`,
    );
  }
  return { ...settings, origins: origins.map(normalOrigin) };
}

function normalOrigin(text: string): string {
  const { origin } = URL.canParse(text) ? new URL(text) : { origin: 'null' };
  if (origin === 'null')
    throw new FerError('CONFIG_INVALID', `origins: "${text}" is no origin; write one as in https://example.org:8443`);
  return origin;
}

/** Names and addresses by which a browser on the same machine reaches a server. */
export const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'] as const;

/** Whether a server that listens on `host` can be reached from this machine only. Names other than localhost are taken to be public. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'));
}
