import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { isYuv, toRgb } from '../../src/ingest/frame.js';
import { openFile } from '../../src/ingest/sources/open-source.js';
import type { SourceOptions } from '../../src/ingest/sources/frame-source.js';
import { collect, describeWithEachFfmpeg, make, temporaryFolder } from './support/clips.js';

/** Colours without edges, so that it does not matter how chroma is brought to another resolution. */
function gradients(width: number, height: number): string[] {
  const graph = `nullsrc=s=${width}x${height}:r=25:d=0.08,format=gbrp,geq=r='255*X/W':g='255*Y/H':b='255*(W-X)*Y/W/H'`;
  return ['-f', 'lavfi', '-i', graph];
}

/** Mean and largest difference of two pictures. */
function differences(a: Uint8Array, b: Uint8Array): { readonly mean: number; readonly most: number } {
  expect(a).toHaveLength(b.length);
  let [sum, most] = [0, 0];
  a.forEach((value, i) => {
    const difference = Math.abs(value - b[i]!);
    sum += difference;
    most = Math.max(most, difference);
  });
  return { mean: sum / a.length, most };
}

describeWithEachFfmpeg('colours', () => {
  const folder = temporaryFolder();

  /** How far the first frame is from what ffmpeg itself makes RGB of. */
  async function compare(
    path: string,
    options?: SourceOptions,
  ): Promise<{ mean: number; most: number; isPlanar: boolean }> {
    const raw = await make('-i', path, '-frames:v', '1', '-pix_fmt', 'rgb24', '-f', 'rawvideo', join(folder, 'expected.raw')); // prettier-ignore
    const frames = await collect(await openFile(path, options));
    expect(frames.length).toBeGreaterThan(0);
    return { ...differences(toRgb(frames[0]!), await readFile(raw)), isPlanar: isYuv(frames[0]!) };
  }

  const matrices = ['unspecified', 'bt709', 'smpte170m', 'smpte240m', 'bt2020nc'];
  it.each(matrices.flatMap((space) => ['tv', 'pc'].map((range) => [space, range] as const)))(
    'of 4:2:0 marked %s, %s, are those of ffmpeg',
    async (space, range) => {
      const marks = ['-colorspace', space, '-color_range', range];
      const path = join(folder, `${space}-${range}.mkv`);
      await make('-f', 'lavfi', '-i', 'testsrc2=s=96x64:r=25:d=0.08', '-pix_fmt', 'yuv420p', ...marks, '-c:v', 'ffv1', path); // prettier-ignore
      const { mean, most, isPlanar } = await compare(path);
      expect(isPlanar).toBe(true);
      expect(mean).toBeLessThan(1.2);
      expect(most).toBeLessThanOrEqual(4);
    },
  );

  it.each([
    ['yuv422p', 'ffv1', 'mkv'],
    ['yuv411p', 'ffv1', 'mkv'],
    ['yuv420p10le', 'ffv1', 'mkv'],
    ['yuv422p10le', 'ffv1', 'mkv'],
    ['yuvj420p', 'mjpeg', 'avi'],
    ['yuvj422p', 'mjpeg', 'mov'],
  ])('of %s in %s are nearly those of ffmpeg', async (format, codec, ending) => {
    for (const range of format.startsWith('yuvj') ? ['pc'] : ['tv', 'pc']) {
      const path = join(folder, `${format}-${range}.${ending}`);
      await make(...gradients(96, 64), '-pix_fmt', format, '-color_range', range, '-c:v', codec, path);
      const { mean, most, isPlanar } = await compare(path);
      expect(isPlanar).toBe(range === 'tv' || !format.endsWith('le'));
      expect(mean).toBeLessThan(2);
      expect(most).toBeLessThanOrEqual(8);
    }
  });

  it.each([
    ['gbrp', 'ffv1', 'mkv'],
    ['gray', 'ffv1', 'mkv'],
    ['yuv444p', 'ffv1', 'mkv'],
    ['yuva420p', 'ffv1', 'mkv'],
    ['rgb24', 'qtrle', 'mov'],
    ['pal8', 'gif', 'gif'],
  ])('of %s in %s are exactly those of ffmpeg, as RGB', async (format, codec, ending) => {
    const path = join(folder, `${format}.${ending}`);
    await make(...gradients(96, 64), '-pix_fmt', format, '-c:v', codec, path);
    expect(await compare(path)).toEqual({ mean: 0, most: 0, isPlanar: false });
  });

  it('of 4:2:0 with an odd side are those of ffmpeg', async () => {
    for (const [width, height] of [
      [97, 64],
      [96, 63],
      [97, 63],
    ] as const) {
      // prettier-ignore
      const path = join(folder, `${width}x${height}.mkv`);
      await make(...gradients(width, height), '-pix_fmt', 'yuv420p', '-c:v', 'ffv1', path);
      expect(await compare(path)).toEqual({ mean: 0, most: 0, isPlanar: false });
    }
  });

  it('are exactly those of ffmpeg with `rgb`', async () => {
    const path = await make(...gradients(96, 64), '-pix_fmt', 'yuv420p', '-c:v', 'ffv1', join(folder, 'rgb.mkv'));
    expect(await compare(path, { rgb: true })).toEqual({ mean: 0, most: 0, isPlanar: false });
  });

  it('survive scaling, whatever the range', async () => {
    for (const range of ['tv', 'pc']) {
      const path = join(folder, `scaled-${range}.mkv`);
      await make(...gradients(192, 128), '-pix_fmt', 'yuv420p', '-color_range', range, '-c:v', 'ffv1', path);
      const raw = await make('-i', path, '-frames:v', '1', '-vf', 'scale=96:64', '-pix_fmt', 'rgb24', '-f', 'rawvideo', join(folder, 'scaled.raw')); // prettier-ignore
      const [frame] = await collect(await openFile(path, { width: 96 }));
      const { mean, most } = differences(toRgb(frame!), await readFile(raw));
      expect(mean).toBeLessThan(2);
      expect(most).toBeLessThanOrEqual(8);
    }
  });
});
