import type { ServerMessage } from '../protocol/index.js';

const KNOWN: ReadonlySet<string> = new Set<ServerMessage['type']>([
  'hello',
  'result',
  'skipped',
  'error',
  'stats',
  'source',
]);

/** @returns null for what a later server may send and this client does not know. Fields are trusted: they come from the server that was asked for. */
export function parseServerMessage(text: string): ServerMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string') return null;
  return KNOWN.has(value.type) ? (value as ServerMessage) : null;
}
