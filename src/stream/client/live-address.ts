import { FerError } from '../../errors/fer-error.js';

/**
 * Where to connect: `server` with the protocol's path and a query.
 * @param server "http://localhost:8787", "https://...", "ws://...", "wss://..."; a path before the protocol's is kept
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
    `"${server}" is no address of a server: write it like http://localhost:8787 or wss://example.org`,
  );
}
