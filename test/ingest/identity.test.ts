import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, open, rename, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { identifyInput } from '../../src/ingest/sources/identity.js';
import { temporaryFolder } from './support/clips.js';

describe('identifyInput', () => {
  const folder = temporaryFolder();

  it('is the SHA-256 of a file', async () => {
    const path = join(folder, 'a.mp4');
    const content = Buffer.alloc(3_000_000, 'film');
    await writeFile(path, content);
    expect(await identifyInput({ kind: 'file', path })).toBe(
      `sha256:${createHash('sha256').update(content).digest('hex')}`,
    );
  });

  it('samples a large file: its size, its beginning, its end and pieces between', async () => {
    const path = join(folder, 'large.mp4');
    const size = 300_000_000;
    await writeFile(path, 'head');
    await truncate(path, size);
    const first = await identifyInput({ kind: 'file', path });
    expect(first).toMatch(/^sampled:[0-9a-f]{64}$/);
    expect(await identifyInput({ kind: 'file', path })).toBe(first);
    const file = await open(path, 'r+');
    await file.write('x', size - 1);
    await file.close();
    const second = await identifyInput({ kind: 'file', path });
    await truncate(path, size - 1);
    expect(new Set([first, second, await identifyInput({ kind: 'file', path })]).size).toBe(3);
  });

  it('changes with a picture, its name, and the number of pictures, and with nothing else', async () => {
    const path = join(folder, 'shots');
    await mkdir(path);
    const identify = async (): Promise<string | null> => identifyInput({ kind: 'images', path });
    await writeFile(join(path, '1.png'), 'one');
    await writeFile(join(path, '2.png'), 'two');
    const seen = [await identify()];
    await writeFile(join(path, 'notes.txt'), 'no picture');
    expect(await identify()).toBe(seen[0]);
    await writeFile(join(path, '2.png'), 'too');
    seen.push(await identify());
    await rename(join(path, '2.png'), join(path, '3.png'));
    seen.push(await identify());
    await writeFile(join(path, '4.png'), '');
    seen.push(await identify());
    expect(new Set(seen).size).toBe(4);
  });

  it('follows the validators of a URL, and admits when there are none', async () => {
    let headers: Record<string, string> = {};
    const server = createServer((request, response) => {
      response.writeHead(request.method === 'HEAD' ? 200 : 500, headers).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const path = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.mp4`;
    const identify = async (): Promise<string | null> => identifyInput({ kind: 'url', path });
    expect(await identify()).toBeNull();
    headers = { etag: '"1"' };
    const first = await identify();
    expect(first).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await identify()).toBe(first);
    headers = { etag: '"2"' };
    expect(await identify()).not.toBe(first);
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    expect(await identify()).toBeNull();
  });

  it('asks for the first byte where HEAD is refused', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method!} ${request.headers.range ?? ''}`);
      if (request.method === 'HEAD') response.writeHead(403).end();
      else response.writeHead(206, { etag: '"1"', 'content-range': 'bytes 0-0/9' }).end('x');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const path = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.mp4?signature=1`;
    expect(await identifyInput({ kind: 'url', path })).toMatch(/^sha256:/);
    expect(asked).toEqual(['HEAD ', 'GET bytes=0-0']);
    server.closeAllConnections();
    server.close();
  });

  it('cannot know stdin', async () => {
    expect(await identifyInput({ kind: 'stdin', path: '-' })).toBeNull();
  });
});
