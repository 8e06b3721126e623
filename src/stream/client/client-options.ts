import { FerError } from '../../errors/fer-error.js';

export interface LiveClientOptions {
  /** As in `http://HOST:PORT/#token=...`, if the server requires one. */
  readonly token?: string | undefined;
  /** Default: the global WebSocket of browsers and of Node 22 and later. In Node 20 pass the one of the npm package ws. */
  readonly WebSocket?: SocketClass | undefined;
  /** True: results include the 68 landmarks of every face. */
  readonly landmarks?: boolean | undefined;
}

export function commonQuery({ token, landmarks }: LiveClientOptions): Record<string, string | undefined> {
  return { token, landmarks: landmarks === true ? '1' : undefined };
}

/** The part of WebSocket that the client uses; browsers' own and that of the npm package ws fit. */
export interface Socket {
  binaryType: string;
  send(data: string | Uint8Array<ArrayBuffer> | Blob): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void;
}

export type SocketClass = new (address: string) => Socket;

/**
 * The class to connect with.
 * @throws FerError CONFIG_INVALID if there is none: Node has a global WebSocket from version 22 on
 */
export function socketClass(given: SocketClass | undefined): SocketClass {
  const found = given ?? (globalThis as { WebSocket?: SocketClass }).WebSocket;
  if (found === undefined) {
    throw new FerError(
      'CONFIG_INVALID',
      "no global WebSocket: npm install ws, import { WebSocket } from 'ws', and pass { WebSocket } as an option",
    );
  }
  return found;
}

/**
 * The address to connect to: `server` with the protocol's path and a query.
 * @param server "http://localhost:8787", "https://...", "ws://...", "wss://..."; a path is kept as prefix
 * @throws FerError CONFIG_INVALID when `server` is none of these
 */
export function liveAddress(server: string, path: string, query: Readonly<Record<string, string | undefined>>): string {
  let address: URL;
  try {
    address = new URL(server);
  } catch {
    throw badAddress(server);
  }
  if (!/^(http|ws)s?:$/.test(address.protocol)) throw badAddress(server);
  address.protocol = /s:$/.test(address.protocol) ? 'wss:' : 'ws:';
  address.pathname = address.pathname.replace(/\/$/, '') + path;
  address.hash = '';
  for (const [name, value] of Object.entries(query)) if (value !== undefined) address.searchParams.set(name, value);
  return address.href;
}

function badAddress(server: string): FerError {
  return new FerError(
    'CONFIG_INVALID',
    `"${server}" is not a server address: write it like http://localhost:8787 or wss://example.org`,
  );
}

/** The server of the page at this address: its folder, which may be below the root of a proxy. */
export function serverOfPage(address: string): string {
  return new URL('.', address).href;
}

/** The token of `#token=...`; browsers do not send the fragment of an address to any server. */
export function tokenFromFragment(hash: string): string | undefined {
  return new URLSearchParams(hash.replace(/^#/, '')).get('token') ?? undefined;
}
