import { createReadStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { findFfmpeg } from '../../src/ingest/ffmpeg/binaries.js';
import { openFile, openStdin } from '../../src/ingest/sources/open-source.js';
import { collect, describeWithEachFfmpeg, make, moving, temporaryFolder } from './support/clips.js';

const FRAME = 0.04;
/** Bytes of the header that only the first of two joined FLV files keeps. */
const FLV_HEADER = 13;

describeWithEachFfmpeg('a clock that jumps', () => {
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder, name);

  async function joinParts(target: string, ...parts: readonly string[]): Promise<void> {
    const bytes = await Promise.all(parts.map(async (part) => readFile(at(part))));
    const isFlv = target.endsWith('.flv');
    await writeFile(
      at(target),
      Buffer.concat(bytes.map((part, i) => (isFlv && i > 0 ? part.subarray(FLV_HEADER) : part))),
    );
  }

  beforeAll(async () => {
    for (const [name, codec] of [
      ['part.ts', 'libx264'],
      ['part.vob', 'mpeg2video'],
      ['part.flv', 'flv1'],
      ['part.webm', 'libvpx'],
    ] as const) {
      await make(...moving(), '-pix_fmt', 'yuv420p', '-g', '25', '-c:v', codec, at(name));
      await joinParts(`joined${name.slice(4)}`, name, name);
    }
    await joinParts('three.ts', 'part.ts', 'part.ts', 'part.ts');
    await make('-i', at('part.ts'), '-c', 'copy', '-output_ts_offset', '10800', at('late.ts'));
    await joinParts('leap.ts', 'part.ts', 'late.ts');
    await joinParts('leap-and-back.ts', 'part.ts', 'late.ts', 'part.ts');
  });

  it.each(['joined.ts', 'joined.vob', 'joined.flv', 'joined.webm'])(
    '%s: time continues by the frame interval, and the step is noted with its place and size',
    async (name) => {
      const source = await openFile(at(name));
      const times = (await collect(source)).map(({ timestamp }) => timestamp);
      if (name === 'joined.webm' && (await findFfmpeg()).frameSync === '-vsync') {
        // The build of 2018 ends where a second WebM begins.
        expect(times).toHaveLength(50);
        return;
      }
      expect(times).toHaveLength(100);
      times.slice(1).forEach((time, i) => {
        expect(time - times[i]!).toBeCloseTo(FRAME, 2);
      });
      const report = source.report();
      expect(report).toMatchObject({ degraded: false, decodeErrors: 0 });
      const [, size, place] = /^time steps back by ([\d.]+) s at ([\d.]+) s$/.exec(report.note ?? '') ?? [];
      expect(Number(size)).toBeCloseTo(2 - FRAME, 1);
      expect(Number(place)).toBeCloseTo(times[49]!, 2);
    },
  );

  it('notes every step', async () => {
    const source = await openFile(at('three.ts'));
    const times = (await collect(source)).map(({ timestamp }) => timestamp);
    expect(times.at(-1)! - times[0]!).toBeCloseTo(6 - FRAME, 2);
    expect(source.report().note).toMatch(/^time steps back by 1\.96 s at [\d.]+ s, steps back by 1\.96 s at [\d.]+ s$/);
  });

  it('continues where the picture size changes with the clock, also for a range and from a pipe', async () => {
    await make(...moving('64x48'), '-pix_fmt', 'yuv420p', '-g', '25', '-c:v', 'libx264', at('small.ts'));
    await joinParts('sizes.ts', 'small.ts', 'part.ts');
    const source = await openFile(at('sizes.ts'));
    const times = (await collect(source)).map(({ timestamp }) => timestamp);
    expect(times.length).toBeGreaterThanOrEqual(99); // decoders may lose the last picture before another size
    times.slice(1).forEach((time, i) => {
      expect(Math.round((time - times[i]!) / FRAME)).toBeGreaterThanOrEqual(1);
      expect(Math.round((time - times[i]!) / FRAME)).toBeLessThanOrEqual(2);
    });
    expect(source.report()).toMatchObject({
      degraded: false,
      note: expect.stringMatching(/^time steps back by/) as string,
    });
    const [first = 0] = times;
    const range = await openFile(at('sizes.ts'), { start: first + 3 });
    expect((await collect(range)).length).toBe(times.filter((time) => time >= first + 3 - 1e-6).length);
    const piped = openStdin({}, createReadStream(at('sizes.ts')));
    const received = (await collect(piped)).map(({ timestamp }) => timestamp);
    expect(received.at(-1)! - received[0]!).toBeCloseTo(times.at(-1)! - times[0]!, 0);
    expect(piped.report().note).toMatch(/time steps back at/);
  });

  it('selects by the time that continues: rate and range', async () => {
    const [first] = await collect(await openFile(at('joined.ts')));
    const slow = await collect(await openFile(at('joined.ts'), { fps: 5 }));
    expect(slow.length).toBeGreaterThanOrEqual(20);
    expect(slow.length).toBeLessThanOrEqual(21);
    const start = first!.timestamp + 3;
    const late = await collect(await openFile(at('joined.ts'), { start }));
    expect(late).toHaveLength(25);
    expect(late[0]!.timestamp).toBeCloseTo(start, 2);
  });

  it('notes a leap ahead, and keeps the time that the container gives', async () => {
    const source = await openFile(at('leap.ts'));
    const times = (await collect(source)).map(({ timestamp }) => timestamp);
    expect(times[50]! - times[49]!).toBeGreaterThan(10_000);
    expect(source.report().note).toMatch(/^time leaps ahead by 1079\d(\.\d+)? s at 3\.4\d? s$/);
  });

  it('does not continue by hours after a leap', async () => {
    const source = await openFile(at('leap-and-back.ts'));
    const times = (await collect(source)).map(({ timestamp }) => timestamp);
    expect(times[100]! - times[99]!).toBeCloseTo(FRAME, 2);
    expect(source.report().note).toMatch(/leaps ahead by .*, steps back by/);
  });
});
