import { setTimeout as delay } from 'node:timers/promises';
import type * as bullmq from 'bullmq';
import type { ConnectionOptions, Queue } from 'bullmq';
import type * as ioredis from 'ioredis';
import type { Redis, RedisOptions } from 'ioredis';
import { FerError, optionalPackage } from '../../errors/fer-error.js';
import { KEY_PREFIX, QUEUE_NAME } from './archive-job.js';

const OLDEST = [6, 2] as const;

/**
 * Refuses a Redis that can lose jobs: too old, evicting keys, or without an append-only file.
 * @param warn gets a line where the server does not show its settings
 * @throws FerError QUEUE_UNSAFE with one remedy
 */
async function checkRedis(
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

/** Milliseconds to reach Redis at the start of a command. */
const CONNECT_TIMEOUT = 10_000;
/** Milliseconds between two attempts to reach it again, at most. */
const LONGEST_PAUSE = 5_000;

/** The queue, and a separate connection for plain commands. */
export interface ArchiveQueue {
  readonly queue: Queue;
  readonly redis: Redis;
  close(): Promise<void>;
}

export type BullMq = typeof bullmq;

/** @throws FerError PACKAGE_MISSING */
export async function loadBullMq(): Promise<BullMq & Pick<typeof ioredis, 'Redis'>> {
  const load = async () => {
    const { Redis } = await import('ioredis');
    return { ...(await import('bullmq')), Redis };
  };
  return optionalPackage(load, 'bullmq ioredis', '--queue');
}

/**
 * Connection options for BullMQ. Commands wait while Redis is away, and are sent when it is back.
 * @throws FerError CONFIG_INVALID
 */
export function redisOptions(address: string): RedisOptions {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || !['redis:', 'rediss:', 'valkey:', 'valkeys:'].includes(url.protocol) || url.hostname === '') {
    throw new FerError('CONFIG_INVALID', `--queue ${address}: is not an address; write redis://host:6379`);
  }
  const secure = url.protocol === 'rediss:' || url.protocol === 'valkeys:';
  const db = Number(url.pathname.slice(1) || '0');
  if (!Number.isInteger(db)) {
    throw new FerError('CONFIG_INVALID', `--queue ${address}: ${url.pathname.slice(1)} is not a database number`);
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 6379 : Number(url.port),
    db,
    ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    ...(secure ? { tls: {} } : {}),
    maxRetriesPerRequest: null,
    retryStrategy: (times: number) => Math.min(LONGEST_PAUSE, 100 * times),
  };
}

/** Address without its password. */
function printableAddress(address: string): string {
  return address.replace(/\/\/[^@/]*@/, '//');
}

/**
 * Opens the queue and checks the settings of its Redis.
 * @param warn gets what could not be checked
 * @throws FerError PACKAGE_MISSING, CONFIG_INVALID, QUEUE_UNREACHABLE, QUEUE_UNSAFE
 */
export async function openQueue(address: string, warn: (line: string) => void): Promise<ArchiveQueue> {
  const options = redisOptions(address);
  const { Queue, Redis } = await loadBullMq();
  const redis = new Redis({ ...options, enableReadyCheck: false });
  // Without a listener an error of the connection would end the process; it reconnects automatically.
  let last = 'no answer';
  redis.on('error', (error: Error) => (last = error.message));
  try {
    await reach(redis, address, () => last);
    await checkRedis(redis, printableAddress(address), warn);
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  const connection = options as ConnectionOptions;
  const queue = new Queue(QUEUE_NAME, { connection, prefix: KEY_PREFIX, skipVersionCheck: true });
  queue.on('error', () => undefined);
  const close = async (): Promise<void> => {
    // `close` waits for answers that a Redis which is away does not give.
    await within(CLOSE_TIMEOUT, redis.status === 'ready' ? queue.close() : queue.disconnect());
    redis.disconnect();
  };
  return { queue, redis, close };
}

/** Milliseconds for a connection to close. */
export const CLOSE_TIMEOUT = 5_000;

/**
 * Waits for an answer of Redis, but no longer: one that is away gives none, and a connection that is just being renewed never says that it has ended.
 * @returns whether it came in time
 */
export async function within(milliseconds: number, answer: Promise<unknown>): Promise<boolean> {
  const answered = new AbortController();
  const tooLate = delay(milliseconds, false, { signal: answered.signal });
  try {
    return await Promise.race([answer.then(() => true), tooLate]);
  } finally {
    answered.abort();
  }
}

/** @throws FerError QUEUE_UNREACHABLE */
async function reach(redis: Redis, address: string, reason: () => string): Promise<void> {
  const unreachable = (why: string): FerError =>
    new FerError(
      'QUEUE_UNREACHABLE',
      `${printableAddress(address)}: no Redis answers (${why}); start it, or correct --queue`,
    );
  const isThere = await within(CONNECT_TIMEOUT, redis.ping()).catch((error: unknown) => {
    throw unreachable(error instanceof Error ? error.message : String(error));
  });
  if (!isThere) throw unreachable(reason());
}
