import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStdin } from '../../src/ingest/sources/open-source.js';
import { openUrl } from '../../src/ingest/sources/open-source.js';
import { H264, collect, describeWithEachFfmpeg, make, moving, temporaryFolder, truth } from './support/clips.js';

const SILENCE = 1_000; // milliseconds

describeWithEachFfmpeg('http and pipes', () => {
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder, name);
  const asked: string[] = [];
  let video: Buffer;
  let indexLast: Buffer;
  let base = '';

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    asked.push(request.url ?? '');
    switch (request.url) {
      case '/good.mp4': {
        const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
        const headers = {
          'content-length': video.length - from,
          'accept-ranges': 'bytes',
          'content-range': `bytes ${from}-${video.length - 1}/${video.length}`,
        };
        response.writeHead(request.headers.range === undefined ? 200 : 206, headers).end(video.subarray(from));
        return;
      }
      case '/moved':
        response.writeHead(302, { location: '/good.mp4' }).end();
        return;
      case '/mute':
        return; // never answers
      case '/stalls.mp4':
        response.writeHead(200, { 'content-length': video.length }).write(video.subarray(0, video.length >> 1));
        return; // and no more
      case '/breaks.mp4':
        response
          .writeHead(200, { 'content-length': video.length })
          .write(video.subarray(0, video.length >> 1), () => setTimeout(() => response.destroy(), 100));
        return;
      case '/list.m3u8':
        response.end(`#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n${base}/secret.ts\n#EXT-X-ENDLIST\n`);
        return;
      case '/forward-only.mp4': // no ranges
        response.writeHead(200, { 'content-length': indexLast.length }).end(indexLast);
        return;
      case '/playlist.mp4':
        response.writeHead(200, { 'content-type': 'video/mp4' });
        response.end(`#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n${base}/secret.ts\n#EXT-X-ENDLIST\n`);
        return;
      case '/denied':
        response.writeHead(403).end();
        return;
      default:
        response.writeHead(404).end('not here');
    }
  });

  beforeAll(async () => {
    await make(...moving('320x240', 25, 4), ...H264, '-movflags', '+faststart', at('good.mp4'));
    indexLast = await readFile(await make(...moving('320x240', 25, 4), ...H264, '-f', 'mp4', at('index-last.mp4')));
    await make('-i', at('good.mp4'), '-c', 'copy', at('good.mkv'));
    await make('-i', at('good.mp4'), '-c', 'copy', at('index-last.mp4'));
    video = await readFile(at('good.mp4'));
    server.listen(0, 'localhost');
    await once(server, 'listening');
    // By name: the statically linked ffmpeg builds cannot look names up.
    base = `http://localhost:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('a URL gives what the file gives', async () => {
    const expected = await truth(at('good.mp4'));
    for (const way of ['/good.mp4', '/moved']) {
      const source = await openUrl(`${base}${way}`);
      expect(source.info.expectedFrames).toBe(100);
      const frames = await collect(source);
      expect(frames.map((frame) => frame.timestamp)).toEqual(expected);
      expect(source.report().degraded).toBe(false);
    }
  });

  it('a part of a URL', async () => {
    expect(await collect(await openUrl(`${base}/good.mp4`, { start: 3.6 }))).toHaveLength(10);
  });

  it('a server that goes silent is an error, after the frames that came', async () => {
    const source = await openUrl(`${base}/stalls.mp4`, {}, SILENCE);
    let count = 0;
    const reading = (async () => {
      for await (const frame of source.frames()) count = frame.index + 1;
    })();
    await expect(reading).rejects.toMatchObject({ code: 'INPUT_STALLED' });
    expect(count).toBeGreaterThan(10);
  });

  it('a server that never answers is an error', async () => {
    await expect(openUrl(`${base}/mute`, {}, SILENCE)).rejects.toMatchObject({ code: 'INPUT_STALLED' });
  });

  it('a slow consumer is not a silent server', async () => {
    const source = await openUrl(`${base}/good.mp4`, {}, SILENCE);
    let count = 0;
    for await (const frame of source.frames()) {
      count = frame.index + 1;
      if (count === 3) await new Promise((resolve) => setTimeout(resolve, 2.5 * SILENCE));
    }
    expect(count).toBe(100);
  });

  it('a connection that breaks off is an error that another attempt may not meet, after the frames that came', async () => {
    const source = await openUrl(`${base}/breaks.mp4`);
    let count = 0;
    const reading = (async () => {
      for await (const frame of source.frames()) count = frame.index + 1;
    })();
    await expect(reading).rejects.toMatchObject({
      code: 'INPUT_STALLED',
      message: expect.stringMatching(/the connection broke off \(.+\): run the command again/) as string,
    });
    expect(count).toBeGreaterThan(10);
  });

  it.each([
    ['/absent.mp4', 'INPUT_NOT_FOUND'],
    ['/denied', 'INPUT_UNREADABLE'],
    ['/list.m3u8', 'INPUT_UNSAFE'],
  ])('%s -> %s', async (path, code) => {
    await expect(openUrl(`${base}${path}`)).rejects.toMatchObject({ code });
    expect(asked).not.toContain('/secret.ts');
  });

  it('a host that does not exist', async () => {
    await expect(openUrl('http://no-such-host.invalid/a.mp4')).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
  });

  it.each(['good.mp4', 'good.mkv'])('%s through a pipe', async (name) => {
    const source = openStdin({}, Readable.from(slices(await readFile(at(name)), 10_000)));
    const frames = await collect(source);
    expect(frames.map((frame) => frame.timestamp)).toEqual(await truth(at(name)));
    expect(source.report()).toMatchObject({ frames: 100, degraded: false });
  });

  it('an unseekable pipe that needs seeking is refused with a remedy', async () => {
    const source = openStdin({}, Readable.from(slices(await readFile(at('index-last.mp4')), 10_000)));
    await expect(collect(source)).rejects.toMatchObject({
      code: 'INPUT_UNREADABLE',
      message: expect.stringContaining('faststart') as string,
    });
  });

  it('leaving a pipe early is not an error', async () => {
    const seen: number[] = [];
    for await (const frame of openStdin({}, Readable.from(slices(video, 10_000))).frames()) {
      seen.push(frame.index);
      if (frame.index === 2) break;
    }
    expect(seen).toEqual([0, 1, 2]);
  });

  it('says that an index at the end needs a server that can seek', async () => {
    const reading = async (): Promise<unknown> => collect(await openUrl(`${base}/forward-only.mp4`));
    await expect(reading()).rejects.toMatchObject({
      code: 'INPUT_UNREADABLE',
      message: expect.stringMatching(
        /the server cannot send parts of a file, which this one needs.*: download it first$/,
      ) as string,
    });
  });

  it('refuses a playlist behind the name and type of a video', async () => {
    await expect(openUrl(`${base}/playlist.mp4`)).rejects.toMatchObject({ code: 'INPUT_UNSAFE' });
    expect(asked).not.toContain('/secret.ts');
  });
});

function* slices(bytes: Buffer, size: number): Generator<Buffer> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}
