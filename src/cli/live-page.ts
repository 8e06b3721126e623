import { spawn } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { isLoopback } from '../stream/server/live-server-options.js';
import type { LiveServer } from '../stream/server/live-server.js';

interface Invitation {
  readonly host: string;
  readonly token: string | null;
  readonly secure: boolean;
  /** Name of what is watched. */
  readonly source: string | null;
}

/** What `fer live` prints: where the page is, for whom. */
export function invitation(
  { url, port }: Pick<LiveServer, 'url' | 'port'>,
  { host, token, secure, source }: Invitation,
): string[] {
  const lines = [`page: ${pageAddress(url, token)}`];
  if (host === '0.0.0.0' || host === '::') {
    const scheme = secure ? 'https' : 'http';
    for (const address of ownAddresses())
      lines.push(`from other devices: ${pageAddress(`${scheme}://${address}:${port}`, token)}`);
  }
  if (!secure && !isLoopback(host))
    lines.push(
      'other devices can watch, but browsers give them no camera without https: --cert and --key (docs/live.md)',
    );
  if (source !== null) lines.push(`source: ${source}`);
  return lines;
}

/** The token stands behind the `#`, which browsers send to nobody; the page reads that like a query, so "+" and "&" are written as there. */
export function pageAddress(url: string, token: string | null): string {
  return token === null ? `${url}/` : `${url}/#token=${encodeURIComponent(token)}`;
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address),
  );
}

/** Shows the address in the browser, where there is one. Never fails: the address has been printed too. */
export function openBrowser(url: string): void {
  const command = browserCommand(process.platform, process.env, url);
  if (command === null) return;
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}

/** Null on a Linux without a screen. */
export function browserCommand(
  platform: NodeJS.Platform,
  env: NodeJS.ProcessEnv,
  url: string,
): [program: string, ...args: string[]] | null {
  if (platform === 'darwin') return ['open', url];
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', url];
  return env['DISPLAY'] === undefined && env['WAYLAND_DISPLAY'] === undefined ? null : ['xdg-open', url];
}
