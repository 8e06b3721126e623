import { spawn } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { isLoopback } from '../stream/server/live-server-options.js';
import type { LiveServer } from '../stream/server/live-server.js';

interface Invitation {
  readonly host: string;
  readonly token: string | null;
  readonly secure: boolean;
  /** Name of the source. */
  readonly source: string | null;
}

/** The addresses that `fer live` prints. */
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
      'other devices can watch, but their browsers allow the camera only over https: use --cert and --key (docs/live.md)',
    );
  if (source !== null) lines.push(`source: ${source}`);
  return lines;
}

/** The token is in the fragment, which browsers do not send. The page parses it like a query string. */
export function pageAddress(url: string, token: string | null): string {
  return token === null ? `${url}/` : `${url}/#token=${encodeURIComponent(token)}`;
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address),
  );
}

/** Opens the address in a browser if there is one. Never fails: the address is printed too. */
export function openBrowser(url: string): void {
  const command = browserCommand(process.platform, process.env, url);
  if (command === null) return;
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}

/** Null on Linux without a display. */
export function browserCommand(
  platform: NodeJS.Platform,
  env: NodeJS.ProcessEnv,
  url: string,
): [program: string, ...args: string[]] | null {
  if (platform === 'darwin') return ['open', url];
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', url];
  return env['DISPLAY'] === undefined && env['WAYLAND_DISPLAY'] === undefined ? null : ['xdg-open', url];
}
