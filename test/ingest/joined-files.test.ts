import { createReadStream } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openFile, openStdin, openUrl } from '../../src/ingest/sources/open-source.js';
import { collect, describeWithEachFfmpeg, make, moving, temporaryFolder } from './support/clips.js';

describeWithEachFfmpeg('files joined byte by byte', () => {
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder, name);

  it.each([
    ['flv', 'flv1', []],
    ['mp4', 'libx264', ['-movflags', 'faststart']],
    ['wmv', 'wmv2', []],
    ['webm', 'libvpx', []],
  ])('%s: all frames come, or a note says which bytes are not read', async (ending, codec, options) => {
    await make(...moving(), '-pix_fmt', 'yuv420p', '-c:v', codec, ...options, at(`one.${ending}`));
    const one = await readFile(at(`one.${ending}`));
    const path = at(`two.${ending}`);
    await writeFile(path, Buffer.concat([one, one]));
    const { size } = await stat(path);
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-length': size });
      createReadStream(path).pipe(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/two.${ending}`;
    try {
      for (const source of [await openFile(path), openStdin({}, createReadStream(path)), await openUrl(url)]) {
        const { length } = await collect(source);
        const { degraded, note } = source.report();
        if (length === 100) expect(note).toMatch(/time steps back/);
        else {
          expect([length, degraded]).toEqual([50, true]);
          const of = source.name === path ? ` of ${size}` : '';
          expect(note).toContain(`a second file begins at byte ${one.length}${of} and is not read in full`);
        }
      }
    } finally {
      server.close();
    }
    const whole = await openFile(at(`one.${ending}`));
    await collect(whole);
    expect(whole.report()).toMatchObject({ degraded: false, note: null });
  });

  it('transport streams whose video has another PID: says where the first one ends', async () => {
    const encode = async (name: string, ...more: string[]): Promise<Buffer> => {
      await make(...moving(), '-pix_fmt', 'yuv420p', '-c:v', 'mpeg2video', ...more, at(name));
      return readFile(at(name));
    };
    const one = await encode('one.ts');
    const other = await encode('other.ts', '-mpegts_start_pid', '0x200');
    await writeFile(at('pids.ts'), Buffer.concat([one, one, other]));
    for (const open of [() => openFile(at('pids.ts')), () => openStdin({}, createReadStream(at('pids.ts')))]) {
      const source = await open();
      await collect(source);
      const { note, degraded } = source.report();
      const place = Number(/a second file begins at byte (\d+)/.exec(note ?? '')?.[1]);
      expect(degraded).toBe(true);
      expect(Math.abs(place - 2 * one.length)).toBeLessThan(188 * 20);
    }
    await writeFile(at('same.ts'), Buffer.concat([one, one]));
    const same = await openFile(at('same.ts'));
    await collect(same);
    expect(same.report()).toMatchObject({ degraded: false });
  });
});
