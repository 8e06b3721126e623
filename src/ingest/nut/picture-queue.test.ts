import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { scratchDir } from '../../../test/support/scratch.js';
import { findFfmpeg, runProcess } from '../ffmpeg/binaries.js';
import { PictureQueue } from './picture-queue.js';

let bytes: Uint8Array;

beforeAll(async () => {
  const nut = join(await scratchDir(), 'a.nut');
  const options = ['-f', 'lavfi', '-i', 'testsrc2=size=16x16:rate=10:duration=0.5', '-pix_fmt', 'rgb24'];
  await runProcess((await findFfmpeg()).path, ['-v', 'error', ...options, '-c:v', 'rawvideo', nut], 60_000);
  bytes = await readFile(nut);
});

describe('PictureQueue', () => {
  it('says when ffmpeg is to wait, and when it may go on', async () => {
    const queue = new PictureQueue();
    let room = 0;
    queue.onRoom = () => room++;
    expect(queue.push(bytes)).toBe(false);
    queue.end();
    const rooms: number[] = [];
    while ((await queue.next()) !== null) rooms.push(room);
    expect(rooms).toEqual([0, 0, 0, 1, 1]);
    expect(queue.isWhole).toBe(true);
  });

  it('uses the memory of a picture again once it is given back, and not before', async () => {
    const queue = new PictureQueue();
    queue.push(bytes.subarray(0, bytes.length / 2));
    const [first, second] = [(await queue.next())!, (await queue.next())!];
    const pixels = Uint8Array.from(first.data);
    queue.giveBack(second);
    queue.push(bytes.subarray(bytes.length / 2));
    queue.end();
    const rest = [];
    for (let picture = await queue.next(); picture !== null; picture = await queue.next()) rest.push(picture.data);
    expect(rest.filter((data) => data === second.data)).toHaveLength(1);
    expect(rest.some((data) => data === first.data)).toBe(false);
    expect(first.data).toEqual(pixels);
  });

  it('wakes the consumer that waits', async () => {
    const queue = new PictureQueue();
    const first = queue.next();
    expect(queue.push(bytes.subarray(0, 100))).toBe(true);
    queue.push(bytes.subarray(100));
    expect((await first)?.width).toBe(16);
  });

  it('ends in the middle of a picture', async () => {
    const queue = new PictureQueue();
    queue.push(bytes.subarray(0, 900));
    const next = queue.next();
    queue.end();
    expect(await next).toBeNull();
    expect(queue.isWhole).toBe(false);
  });

  it('hands over the pictures before the damage, then fails', async () => {
    const queue = new PictureQueue();
    const at = bytes.length - 5;
    queue.push(Buffer.concat([bytes.subarray(0, at), Buffer.alloc(5000, 0xff)]));
    queue.end();
    let count = 0;
    await expect(
      (async () => {
        for (;;) {
          if ((await queue.next()) === null) return;
          count++;
        }
      })(),
    ).rejects.toMatchObject({ code: 'FFMPEG_FAILED' });
    expect(count).toBe(5);
  });
});
