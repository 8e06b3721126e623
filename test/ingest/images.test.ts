import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Color } from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { identifyInput } from '../../src/ingest/sources/identity.js';
import { openImages } from '../../src/ingest/sources/image-source.js';
import { collect, make, meanColour, moving, temporaryFolder } from './support/clips.js';

const RED = { r: 220, g: 20, b: 20 };

async function picture(path: string, width: number, height: number, background: Color = RED): Promise<void> {
  await sharp({ create: { width, height, channels: 3, background } }).toFile(path);
}

describe('image folders', () => {
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder, name);

  beforeAll(async () => {
    await mkdir(at('shots'));
    await picture(at('shots/img10.png'), 8, 6);
    await picture(at('shots/img2.jpg'), 16, 12);
    await picture(at('shots/img1.webp'), 9, 7);
    await writeFile(at('shots/notes.txt'), 'not a picture');
    await writeFile(at('shots/.hidden.png'), 'not even that');

    await mkdir(at('damaged'));
    await picture(at('damaged/a.jpg'), 64, 48);
    const whole = await readFile(at('damaged/a.jpg'));
    await writeFile(at('damaged/b.jpg'), whole.subarray(0, whole.length - 40));
    await writeFile(at('damaged/c.png'), 'no picture at all');
    await picture(at('damaged/d.jpg'), 64, 48);

    // Left half red, right half blue, and a note that it was taken with the camera turned.
    const halves = await sharp({ create: { width: 40, height: 20, channels: 3, background: RED } })
      .composite([
        { input: { create: { width: 20, height: 20, channels: 3, background: '#1414dc' } }, left: 20, top: 0 },
      ])
      .toColourspace('srgb')
      .png()
      .toBuffer();
    await sharp(halves).withMetadata({ orientation: 6 }).jpeg({ quality: 95 }).toFile(at('turned.jpg'));
    await sharp(halves).greyscale().png().toFile(at('grey.png'));
    await sharp({ create: { width: 4, height: 4, channels: 4, background: { r: 255, g: 255, b: 255, alpha: 0 } } })
      .png()
      .toFile(at('clear.png'));
    await sharp({ create: { width: 4, height: 4, channels: 3, background: RED } })
      .toColourspace('rgb16')
      .png()
      .toFile(at('deep.png'));
  });

  it('shows them by natural order, one a second, each in its own size', async () => {
    const source = await openImages(at('shots'));
    const frames = await collect(source);
    expect(frames.map(({ index, timestamp, width, height }) => [index, timestamp, width, height])).toEqual([
      [0, 0, 9, 7],
      [1, 1, 16, 12],
      [2, 2, 8, 6],
    ]);
    for (const frame of frames) {
      expect(frame.data).toHaveLength(frame.width * frame.height * 3);
      meanColour(frame, 0, 0, 1, 1).forEach((value, c) => {
        expect(Math.abs(value - [RED.r, RED.g, RED.b][c]!)).toBeLessThan(12);
      });
    }
    expect(source.info).toEqual({ container: 'images', codec: null, duration: 3, expectedFrames: 3 });
    expect(source.report()).toEqual({ frames: 3, expectedFrames: 3, decodeErrors: 0, degraded: false, note: null });
  });

  it('shows them at the rate that is given, in the range that is given', async () => {
    expect((await collect(await openImages(at('shots'), { fps: 10 }))).map((frame) => frame.timestamp)).toEqual([
      0, 0.1, 0.2,
    ]);
    expect(
      (await collect(await openImages(at('shots'), { fps: 10, start: 0.1, end: 0.2 }))).map((frame) => frame.timestamp),
    ).toEqual([0.1]);
  });

  it('leaves the time of an unreadable picture empty, and says so', async () => {
    const source = await openImages(at('damaged'));
    const frames = await collect(source);
    expect(frames.map(({ index, timestamp }) => [index, timestamp])).toEqual([
      [0, 0],
      [1, 3],
    ]);
    expect(source.report()).toEqual({
      frames: 2,
      expectedFrames: 4,
      decodeErrors: 2,
      degraded: true,
      note: '2 of 4 pictures, 2 unreadable',
    });
  });

  it('turns a picture as its EXIF says', async () => {
    const [frame] = await collect(await openImages(at('turned.jpg')));
    expect(frame).toMatchObject({ index: 0, timestamp: 0, width: 20, height: 40 });
    expect(meanColour(frame!, 0, 0, 1, 0.4)[0]).toBeGreaterThan(180);
    expect(meanColour(frame!, 0, 0.6, 1, 1)[2]).toBeGreaterThan(180);
  });

  it.each(['grey.png', 'clear.png', 'deep.png'])('%s becomes RGB', async (name) => {
    const [frame] = await collect(await openImages(at(name)));
    expect(frame!.data).toHaveLength(frame!.width * frame!.height * 3);
    if (name === 'clear.png') expect(Math.max(...frame!.data)).toBe(0);
    if (name === 'deep.png') expect([...frame!.data.subarray(0, 3)]).toEqual([RED.r, RED.g, RED.b]);
  });

  it('scales to a width, upright, with an even height', async () => {
    const [frame] = await collect(await openImages(at('turned.jpg'), { width: 9 }));
    expect(frame).toMatchObject({ width: 9, height: 18 });
  });

  it('refuses files without a picture, and files that are not pictures', async () => {
    await expect(openImages(folder + '/absent')).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
    await mkdir(at('bare'));
    await expect(openImages(at('bare'))).rejects.toMatchObject({ code: 'INPUT_NOT_FOUND' });
    await writeFile(at('fake.jpg'), 'no picture');
    await expect(collect(await openImages(at('fake.jpg')))).rejects.toMatchObject({ code: 'INPUT_UNREADABLE' });
  });

  it('says which pictures hold more than the one that is used', async () => {
    await mkdir(at('animated'));
    await make(...moving('32x24', 5, 1), '-f', 'apng', at('animated/a.png'));
    const moves = await make(...moving('32x24', 5, 1), at('moves.gif'));
    await sharp(moves, { animated: true }).webp().toFile(at('animated/b.webp'));
    await picture(at('animated/c.png'), 8, 6);
    const source = await openImages(at('animated'));
    expect(await collect(source)).toHaveLength(3);
    const { note, degraded } = source.report();
    expect(degraded).toBe(false);
    expect(note).toMatch(/^a\.png: contains several pictures, only the first is used.*; b\.webp: contains several/);
    expect(note).not.toMatch(/c\.png/);
  });

  it('decodes large pictures shrunk, and says so', async () => {
    await mkdir(at('large'));
    await picture(at('large/huge.jpg'), 8192, 6000);
    const source = await openImages(at('large'));
    const [frame] = await collect(source);
    expect(frame).toMatchObject({ width: 4096, height: 3000 });
    expect(source.report().note).toBe('huge.jpg: 8192x6000 pixels, decoded at 4096x3000');
  });

  it('refuses a range without pictures', async () => {
    await expect(openImages(at('shots'), { start: 50 })).rejects.toMatchObject({ code: 'INPUT_OUT_OF_RANGE' });
  });

  it.runIf(process.platform === 'linux')(
    'keeps the place of a picture whose name is not UTF-8, and of a link to nowhere',
    async () => {
      await mkdir(at('names'));
      await picture(at('names/a.png'), 8, 6);
      await picture(at('names/z.png'), 8, 6);
      await writeFile(Buffer.concat([Buffer.from(at('names/caf')), Buffer.from([0xe9]), Buffer.from('.png')]), '');
      await symlink(at('nowhere'), at('names/dangling.png'));
      const frames = await collect(await openImages(at('names'), { keepUnreadable: true }));
      expect(frames.map(({ file, unreadable }) => [file, unreadable !== undefined])).toEqual([
        ['a.png', false],
        ['caf\u{FFFD}.png', true],
        ['dangling.png', true],
        ['z.png', false],
      ]);
      expect(await identifyInput({ kind: 'images', path: at('names') })).toMatch(/^sha256:/);
    },
  );

  it('stops on request', async () => {
    await expect(collect(await openImages(at('shots')), AbortSignal.abort())).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
  });
});
