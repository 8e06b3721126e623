import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ReadableStreamDefaultReader } from 'node:stream/web';
import { isS3Address, fetchObject } from '../../storage/s3.js';
import { printable } from '../../errors/fer-error.js';

/** How a relayed URL failed. */
export interface RelayTrouble {
  /** One line: a status ("404 Not Found"), or the network error. */
  readonly reason: string;
  /** True when the server was silent for longer than it may be. */
  readonly stalled: boolean;
  /** True where another attempt may succeed: not for a missing or forbidden file. */
  readonly passing: boolean;
}

/** HTTP statuses below 500 that may pass: a timeout, and too many requests. */
const PASSING: ReadonlySet<number> = new Set([408, 429]);

export interface UrlRelay {
  /** Address on this machine for ffmpeg to open instead. */
  readonly address: string;
  /** The last error on the way to the server; null without one. */
  readonly trouble: RelayTrouble | null;
  /** Whether the server can send parts of the file; null before the first request. */
  readonly seekable: boolean | null;
  /** The first bytes of the file. */
  readonly head: Buffer;
  close(): Promise<void>;
}

/** Bytes kept of the beginning of a file: enough to recognise a playlist. */
const HEAD_BYTES = 512;

/** Headers that ffmpeg needs to see to seek, and to know the size. */
const PASSED_ON = ['content-length', 'content-range', 'accept-ranges', 'content-type'] as const;

/**
 * Fetches a URL, or an object (s3://), for ffmpeg, which reads it from this machine. Why not leave it to ffmpeg: the statically linked builds that
 * npm brings crash on looking up any host name; ffmpeg does not check certificates by default; and only the program
 * that reads the connection can tell a silent server from a busy ffmpeg.
 * @param silence milliseconds the server may send nothing while ffmpeg wants to read
 * @param onBytes called with the file's bytes from its beginning on, as far as the first answer brings them
 */
export async function relayUrl(url: string, silence: number, onBytes?: (bytes: Uint8Array) => void): Promise<UrlRelay> {
  let trouble: RelayTrouble | null = null;
  const seen: Seen = { seekable: null, head: Buffer.alloc(0), begun: false, ...(onBytes && { onBytes }) };
  const secret = `/${randomUUID()}${endingOf(url)}`;
  const server = createServer((request, response) => {
    if (request.url !== secret) {
      response.writeHead(404).end();
      return;
    }
    void relay(url, silence, request, response, seen).then((failed) => {
      trouble = failed ?? trouble;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Accepting connections can fail later too, when the process runs out of file handles: ffmpeg then says that it cannot connect.
  server.on('error', () => undefined);
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}${secret}`,
    get trouble() {
      return trouble;
    },
    get seekable() {
      return seen.seekable;
    },
    get head() {
      return seen.head;
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Properties of a server's answers. */
interface Seen {
  seekable: boolean | null;
  head: Buffer;
  /** An answer that starts with the file's first byte was passed on. */
  begun: boolean;
  /** Of an object: all parts must come from this one. */
  etag?: string | undefined;
  readonly onBytes?: (bytes: Uint8Array) => void;
}

async function relay(
  url: string,
  silence: number,
  request: IncomingMessage,
  response: ServerResponse,
  seen: Seen,
): Promise<RelayTrouble | null> {
  const upstream = new AbortController();
  const line = { stalled: false };
  const patiently = async <T>(wait: Promise<T>): Promise<T> => {
    const timer = setTimeout(() => {
      line.stalled = true;
      upstream.abort();
    }, silence);
    try {
      return await wait;
    } finally {
      clearTimeout(timer);
    }
  };
  response.once('close', () => {
    upstream.abort(); // ffmpeg has enough: it seeks, or it is gone
  });
  try {
    const { range } = request.headers;
    const answer = await patiently(open(url, range, seen.etag, upstream.signal));
    seen.etag ??= (isS3Address(url) ? answer.headers.get('etag') : null) ?? undefined;
    for (const name of PASSED_ON) {
      const value = answer.headers.get(name);
      if (value !== null) response.setHeader(name, value);
    }
    response.writeHead(answer.status);
    if (answer.ok) seen.seekable ??= answer.status === 206 || /bytes/i.test(answer.headers.get('accept-ranges') ?? '');
    const isBeginning = answer.status === 200 || /^bytes 0-/.test(answer.headers.get('content-range') ?? '');
    const isFirst = isBeginning && !seen.begun;
    seen.begun ||= isBeginning;
    if (answer.body !== null) {
      const reader = answer.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
      for (let part = await patiently(reader.read()); !part.done; part = await patiently(reader.read())) {
        if (isBeginning && seen.head.length < HEAD_BYTES)
          seen.head = Buffer.concat([seen.head, part.value]).subarray(0, HEAD_BYTES);
        if (isFirst) seen.onBytes?.(part.value);
        if (!response.write(part.value)) await once(response, 'drain', { signal: upstream.signal });
      }
    }
    response.end();
    if (answer.ok) return null;
    const { status, statusText } = answer;
    const passing = status >= 500 || PASSING.has(status);
    return { reason: `${status} ${printable(statusText)}`.trim(), stalled: false, passing };
  } catch (error) {
    const { stalled } = line;
    const goneItself = response.closed && !stalled;
    // Cut off in the middle, so that ffmpeg does not take this for the end.
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end();
    return goneItself ? null : { reason: stalled ? 'timed out' : reasonOf(error), stalled, passing: true };
  }
}

async function open(
  url: string,
  range: string | undefined,
  etag: string | undefined,
  signal: AbortSignal,
): Promise<Response> {
  if (isS3Address(url)) return fetchObject(url, { signal, ...(range && { range }), ...(etag && { etag }) });
  const { address, authorization } = withoutUser(url);
  const headers = { 'accept-encoding': 'identity', ...authorization, ...(range === undefined ? {} : { range }) };
  return fetch(address, { headers, signal });
}

/** User name and password are not accepted as part of an address; they go into a header (RFC 7617). */
export function withoutUser(url: string): { address: string; authorization: { authorization?: string } } {
  const parsed = new URL(url);
  const { username, password } = parsed;
  if (username === '' && password === '') return { address: url, authorization: {} };
  parsed.username = parsed.password = '';
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { address: parsed.href, authorization: { authorization: `Basic ${Buffer.from(user).toString('base64')}` } };
}

/** undici hides what happened in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;
}

/** ffmpeg prefers a name that tells the format. */
function endingOf(url: string): string {
  return /\.[a-z0-9]{1,5}$/i.exec(isS3Address(url) ? url : new URL(url).pathname)?.[0] ?? '';
}
