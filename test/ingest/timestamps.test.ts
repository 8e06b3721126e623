import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { openFile } from '../../src/ingest/sources/open-source.js';
import { H264, collect, describeWithEachFfmpeg, make, moving, temporaryFolder, truth } from './support/clips.js';

const MICROSECOND = 1e-6;
const VARIABLE_RATE = ['-vf', "select='not(mod(n,7))+not(mod(n,3))'", '-vsync', 'vfr'];

describeWithEachFfmpeg('presentation times', () => {
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder, name);

  beforeAll(async () => {
    await make(...moving('160x120', 30, 2), ...VARIABLE_RATE, ...H264, at('variable.mp4'));
    await make(...moving('160x120', 30, 2), ...VARIABLE_RATE, ...H264, '-output_ts_offset', '100.5', at('late.ts'));
    await make(...moving('160x120', '30000/1001', 2), ...H264, at('ntsc.mp4'));
    await make('-i', at('ntsc.mp4'), '-c', 'copy', at('ntsc.mkv'));
    await make('-i', at('ntsc.mp4'), '-c', 'copy', '-output_ts_offset', '7.25', at('late.mkv'));
    await make('-i', at('ntsc.mp4'), '-c', 'copy', at('ntsc.flv'));
    // Cut between key frames without re-encoding: an edit list hides the frames before the cut.
    await make('-ss', '1.1', '-i', at('ntsc.mp4'), '-c', 'copy', at('edited.mp4'));
    await make('-i', at('ntsc.mp4'), '-c', 'copy', '-bsf:v', 'h264_mp4toannexb', '-f', 'h264', at('bare.h264'));
    await make(...moving('160x120', 12.5, 2), at('moving.gif'));
  });

  it.each(['variable.mp4', 'late.ts', 'ntsc.mp4', 'ntsc.mkv', 'late.mkv', 'ntsc.flv', 'edited.mp4', 'moving.gif'])(
    '%s: every frame, at the time that ffprobe prints',
    async (name) => {
      const expected = await truth(at(name));
      expect(expected.length).toBeGreaterThan(10);
      const source = await openFile(at(name));
      const frames = await collect(source);
      expect(frames.map((frame) => frame.index)).toEqual(expected.map((_, index) => index));
      frames.forEach((frame, index) => {
        expect(Math.abs(frame.timestamp - expected[index]!)).toBeLessThanOrEqual(MICROSECOND);
      });
      expect(source.report()).toMatchObject({ frames: expected.length, decodeErrors: 0, degraded: false, note: null });
    },
  );

  it('a clip that does not begin at 0 is reported so', async () => {
    const frames = await collect(await openFile(at('late.ts')));
    expect(frames[0]!.timestamp).toBeGreaterThan(100);
  });

  it('expects what the container announces, but not what an edit list hides', async () => {
    expect((await openFile(at('ntsc.mp4'))).info.expectedFrames).toBe((await truth(at('ntsc.mp4'))).length);
    expect((await openFile(at('edited.mp4'))).info.expectedFrames).toBeNull();
  });

  it('bare H.264 has no times: they follow from its frame rate', async () => {
    const frames = await collect(await openFile(at('bare.h264')));
    expect(frames).toHaveLength((await truth(at('ntsc.mp4'))).length);
    frames.forEach((frame, index) => {
      expect(frame.timestamp).toBeCloseTo((index * 1001) / 30000, 4);
    });
  });
});
