import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openLiveSource } from '../../src/ingest/live/ffmpeg-live-source.js';
import { openFile } from '../../src/ingest/sources/open-source.js';
import type { Frame } from '../../src/ingest/frame.js';
import { collect, describeWithEachFfmpeg, make, temporaryFolder, truth } from './support/clips.js';

const folder = temporaryFolder();

/** How much a row differs from both of its neighbours, on the mean: large where two moments are woven. */
function combing({ data, width, height }: Frame): number {
  let sum = 0;
  for (let y = 1; y < height - 1; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = y * width + x;
      const [up, down] = [data[at]! - data[at - width]!, data[at]! - data[at + width]!];
      sum += up * down > 0 ? Math.min(Math.abs(up), Math.abs(down)) : 0;
    }
  }
  return sum / (width * height);
}

describeWithEachFfmpeg('interlaced footage', () => {
  it('gives whole pictures, one for each woven one, at its time', async () => {
    // A bar that moves 6 pixels from field to field.
    const bar = "color=gray:size=160x120:rate=50:duration=1,geq=lum='if(lt(mod(X+6*N,80),24),220,40)':cb=128:cr=128";
    const mpeg2 = ['-c:v', 'mpeg2video', '-q:v', '3', '-bf', '0'];
    const woven = await make(
      ...['-f', 'lavfi', '-i', bar, '-vf', 'tinterlace=interleave_top'],
      ...[...mpeg2, '-flags', '+ildct+ilme', '-top', '1', join(folder, 'woven.ts')],
    );
    const whole = await make(...['-f', 'lavfi', '-i', bar, '-vf', 'framestep=2', ...mpeg2], join(folder, 'whole.ts'));
    const source = await openFile(woven);
    const frames = await collect(source);
    const expected = await truth(woven);
    expect(frames).toHaveLength(expected.length);
    for (const [i, { timestamp }] of frames.entries()) expect(timestamp).toBeCloseTo(expected[i]!, 4);
    const progressive = await collect(await openFile(whole));
    const [a, b] = [combing(frames[10]!), combing(progressive[10]!)];
    expect(a).toBeLessThan(2 * b + 1);
    const live: Frame[] = [];
    for await (const { data, ...frame } of openLiveSource(woven).frames()) {
      live.push({ ...frame, data: data.filter((_, i) => i % 3 === 0) }); // [H, W, 3] -> [H, W]
      if (live.length === 3) break;
    }
    for (const frame of live) expect(combing(frame)).toBeLessThan(2 * b + 1);
  });
});
