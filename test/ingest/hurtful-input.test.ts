import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { FerError } from '../../src/errors/fer-error.js';
import { openFile } from '../../src/ingest/sources/open-source.js';
import { H264, collect, countFrames, describeWithEachFfmpeg, make, moving, temporaryFolder } from './support/clips.js';

describeWithEachFfmpeg('input that hurts', () => {
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder, name);

  beforeAll(async () => {
    await make(...moving('320x240', 25, 4), ...H264, '-movflags', '+faststart', at('good.mp4'));
    const good = await readFile(at('good.mp4'));
    const corrupt = Buffer.from(good);
    // Half way in, a twentieth of the bytes are replaced by a fixed pseudo-random sequence.
    for (let i = good.length >> 1, seed = 1; i < (good.length >> 1) + good.length / 20; i++) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      corrupt[i] = seed >> 16;
    }
    await writeFile(at('corrupt.mp4'), corrupt);
    await writeFile(at('truncated.mp4'), good.subarray(0, good.length >> 1));
    await make('-i', at('good.mp4'), '-c', 'copy', at('index-last.mp4'));
    await writeFile(at('no-moov.mp4'), (await readFile(at('index-last.mp4'))).subarray(0, good.length >> 1));
    await make('-i', at('good.mp4'), '-c', 'copy', at('good.mkv'));
    await writeFile(at('truncated.mkv'), (await readFile(at('good.mkv'))).subarray(0, good.length >> 1));
    await writeFile(at('empty.mp4'), '');
    await writeFile(
      at('garbage.mp4'),
      Buffer.from(Array.from({ length: 30_000 }, (_, i) => (i * i * 31 + i * 7) & 0xff)),
    );
    await writeFile(at('letter.mp4'), 'Dear reader, this is no video.\n'.repeat(50));
    await make('-f', 'lavfi', '-i', 'sine=duration=1', at('sound.mp4'));
    await make('-f', 'lavfi', '-i', 'sine=duration=1', '-c:a', 'pcm_s16le', at('sound.wav'));
    await make('-f', 'lavfi', '-i', 'testsrc', '-frames:v', '1', at('picture.png'));
    await make(
      '-i',
      at('sound.mp4'),
      '-i',
      at('picture.png'),
      '-map',
      '0',
      '-map',
      '1',
      '-c',
      'copy',
      '-disposition:v',
      'attached_pic',
      at('cover.m4a'),
    );
    await writeFile(at('png.mp4'), await readFile(at('picture.png')));
    await writeFile(at('concat.mp4'), `ffconcat version 1.0\nfile '${at('good.mp4')}'\n`);
    await writeFile(
      at('hls.mp4'),
      `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n${at('good.mp4')}\n#EXT-X-ENDLIST\n`,
    );
    await writeFile(at('dash.mp4'), '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>\n');
  });

  it.each(['good.mp4', 'good.mkv', 'index-last.mp4'])('%s is not called damaged', async (name) => {
    const source = await openFile(at(name));
    expect(await collect(source)).toHaveLength(100);
    expect(source.report()).toMatchObject({ frames: 100, decodeErrors: 0, degraded: false, note: null });
  });

  it.each(['corrupt.mp4', 'truncated.mp4', 'truncated.mkv'])(
    '%s gives what can be decoded, and says that it is damaged',
    async (name) => {
      const source = await openFile(at(name));
      const frames = await collect(source);
      expect(frames).toHaveLength(await countFrames(at(name)));
      expect(frames.length).toBeGreaterThan(20);
      expect(frames.length).toBeLessThanOrEqual(100);
      const report = source.report();
      expect(report).toMatchObject({ frames: frames.length, degraded: true });
      expect(report.decodeErrors).toBeGreaterThan(0);
      expect(report.note).toContain(`${frames.length}`);
      if (name.endsWith('.mp4')) expect(report.note).toContain('of 100 frames');
    },
  );

  it.each([
    ['no-moov.mp4', 'INPUT_UNREADABLE'],
    ['empty.mp4', 'INPUT_UNREADABLE'],
    ['garbage.mp4', 'INPUT_UNREADABLE'],
    ['letter.mp4', 'INPUT_UNREADABLE'],
    ['sound.mp4', 'INPUT_NO_VIDEO'],
    ['sound.wav', 'INPUT_NO_VIDEO'],
    ['cover.m4a', 'INPUT_NO_VIDEO'],
    ['png.mp4', 'INPUT_UNSAFE'],
    ['concat.mp4', 'INPUT_UNSAFE'],
    ['hls.mp4', 'INPUT_UNSAFE'],
    ['dash.mp4', 'INPUT_UNSAFE'],
    ['absent.mp4', 'INPUT_NOT_FOUND'],
    ['.', 'INPUT_UNREADABLE'],
  ])('%s is refused as %s in one line that names it', async (name, code) => {
    const error = await openFile(at(name)).then(
      () => null,
      (reason: unknown) => reason as FerError,
    );
    expect(error).toMatchObject({ name: 'FerError', code });
    expect(error?.message).toContain(at(name));
    expect(error?.message).not.toContain('\n');
  });

  it('a name that looks like a protocol or an option is a file name', async () => {
    await writeFile(at('concat:a|b.mp4'), await readFile(at('good.mp4')));
    await writeFile(at('-y.mp4'), await readFile(at('good.mp4')));
    for (const name of ['concat:a|b.mp4', '-y.mp4']) {
      expect(await collect(await openFile(at(name)))).toHaveLength(100);
    }
  });
});
