import type { Redis } from 'ioredis';
import { FerError } from '../../errors/fer-error.js';

const OLDEST = [6, 2] as const;

/**
 * Refuses a Redis that can lose jobs: too old, evicting keys, or without an append-only file.
 * @param warn gets a line where the server does not show its settings
 * @throws FerError QUEUE_UNSAFE with one remedy
 */
export async function checkRedis(
  redis: Pick<Redis, 'info' | 'config'>,
  address: string,
  warn: (line: string) => void,
): Promise<void> {
  const unsafe = (problem: string): FerError => new FerError('QUEUE_UNSAFE', `${address}: ${problem}`);
  const info = await redis.info('server');
  const version = field(info, 'redis_version') ?? '0';
  const isValkey = field(info, 'valkey_version') !== null;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (!isValkey && (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))) {
    throw unsafe(`Redis ${version} is too old; install Redis ${OLDEST.join('.')} or later, or Valkey`);
  }
  let policy: string | null;
  let appendOnly: string | null;
  try {
    policy = setting(await redis.config('GET', 'maxmemory-policy'));
    appendOnly = setting(await redis.config('GET', 'appendonly'));
  } catch {
    warn(
      `${address} does not show its settings; make sure that it has "appendonly yes" and "maxmemory-policy noeviction"`,
    );
    return;
  }
  if (policy !== null && policy !== 'noeviction') {
    throw unsafe(
      `its maxmemory-policy "${policy}" deletes jobs when memory is short; run: redis-cli CONFIG SET maxmemory-policy noeviction`,
    );
  }
  if (appendOnly === 'no') {
    throw unsafe(
      'it loses jobs when it is killed; run: redis-cli CONFIG SET appendonly yes (and set it in redis.conf)',
    );
  }
}

function field(info: string, name: string): string | null {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? null;
}

/** Replies are [name, value], or an object in newer protocols. */
function setting(reply: unknown): string | null {
  const value: unknown = Array.isArray(reply) ? reply[1] : Object.values(reply as Record<string, unknown>)[0];
  return typeof value === 'string' ? value : null;
}
