import { isIPv4 } from 'node:net';

/** Names and addresses by which a browser on the same machine reaches a server. */
export const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'] as const;

/** Whether a server that listens on `host` can be reached from this machine only. Names other than localhost are taken to be public. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'));
}
