import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';

/** Whether Debian's redis-server (or one of that name) is installed. */
export const HAS_REDIS = spawnSync('redis-server', ['--version']).status === 0;

/** A redis-server of its own, with an append-only file in a folder. */
export class TestRedis {
  private process: ChildProcess | null = null;

  private constructor(
    private readonly folder: string,
    readonly port: number,
  ) {}

  static async start(folder: string): Promise<TestRedis> {
    const redis = new TestRedis(folder, await freePort());
    await redis.start();
    return redis;
  }

  get address(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const settings = ['--port', String(this.port), '--dir', this.folder, '--appendonly', 'yes', '--save', ''];
    this.process = spawn('redis-server', [...settings, '--appendfsync', 'always'], { stdio: 'ignore' });
    const client = new Redis(this.port, { retryStrategy: () => 50, maxRetriesPerRequest: null });
    client.on('error', () => undefined);
    while ((await client.ping().catch(() => '')) !== 'PONG') await delay(50);
    client.disconnect();
  }

  /** kill -9. */
  async kill(): Promise<void> {
    if (this.process === null || this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exit = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await exit;
  }

  pause(): void {
    this.process?.kill('SIGSTOP');
  }

  resume(): void {
    this.process?.kill('SIGCONT');
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
