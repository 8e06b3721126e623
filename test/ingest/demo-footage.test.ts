import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { buildDemoFootage } from '../../src/ingest/sources/demo-footage.js';
import { toRgb } from '../../src/ingest/frame.js';
import { openFile } from '../../src/ingest/sources/open-source.js';
import type { Frame } from '../../src/ingest/frame.js';
import { demoClip } from '../support/demo-clip.js';
import { collect, describeWithEachFfmpeg, meanColour, temporaryFolder } from './support/clips.js';

/** Mean absolute difference of two pictures, 0..255. */
function difference(a: Frame, b: Frame): number {
  const [one, other] = [toRgb(a), toRgb(b)];
  return one.reduce((sum, value, i) => sum + Math.abs(value - other[i]!), 0) / one.length;
}

describeWithEachFfmpeg('demo footage', (which) => {
  const folder = temporaryFolder();

  it('is about ten seconds of moving pictures with cuts, and leaves no other file', async () => {
    const path = which === 'bundled' ? await demoClip() : join(folder, 'demo.mp4');
    if (which === 'found') {
      await buildDemoFootage(path);
      expect(await readdir(folder)).toEqual(['demo.mp4']);
    }
    const source = await openFile(path, { width: 80 });
    expect(source.info.codec).toBe('h264');
    const frames = await collect(source);
    expect(frames.length).toBeGreaterThanOrEqual(200);
    expect(frames.length).toBeLessThanOrEqual(250);
    expect(source.report().degraded).toBe(false);
    const steps = frames.slice(1).map((frame, i) => difference(frame, frames[i]!));
    expect(steps.filter((step) => step > 20)).toHaveLength(4); // the cuts
    expect(steps.filter((step) => step > 0).length).toBeGreaterThan(frames.length * 0.9); // it moves
    for (const frame of frames) expect(Math.max(...meanColour(frame, 0, 0, 1, 1))).toBeGreaterThan(40); // nothing is black
  });

  it('leaves nothing when it fails', async () => {
    await expect(buildDemoFootage(join(folder, 'no', 'such', 'folder', 'demo.mp4'))).rejects.toMatchObject({
      code: 'FFMPEG_FAILED',
    });
  });
});
