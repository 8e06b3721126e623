import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FerError } from '../../errors/fer-error.js';
import { findFfmpeg, runProcess } from '../ffmpeg/binaries.js';
import { scratchDir } from '../../../test/support/scratch.js';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pictureBytes } from '../frame.js';
import { ByteCursor, NutReader } from './nut-reader.js';
import type { NutPicture } from './nut-reader.js';

/** "v" of the specification. */
function v(value: number): number[] {
  const bytes = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift(128 + (rest % 128));
  return bytes;
}

/** "s" of the specification. */
function s(value: number): number[] {
  return v(value > 0 ? 2 * value - 1 : -2 * value);
}

const START = {
  main: [0x4e, 0x4d, 0x7a, 0x56, 0x1f, 0x5f, 0x04, 0xad],
  stream: [0x4e, 0x53, 0x11, 0x40, 0x5b, 0xf2, 0xf9, 0xdb],
  syncpoint: [0x4e, 0x4b, 0xe4, 0xad, 0xee, 0xca, 0x45, 0x69],
  info: [0x4e, 0x49, 0xab, 0x68, 0xb5, 0x96, 0xba, 0x78],
};

/** A packet; a checksum of zeros stands for the true one. */
function packet(start: readonly number[], body: readonly number[]): number[] {
  const length = body.length + 4;
  return [...start, ...v(length), ...(length > 4096 ? [0, 0, 0, 0] : []), ...body, 0, 0, 0, 0];
}

const SHIFT = 7;
const CODED_PTS = 8;
const SIZE_MSB = 32;
const CHECKSUM = 64;
const HEADER_INDEX = 1024;
const CODED = 4096;
const INVALID = 8192;

interface Plan {
  readonly width: number;
  readonly height: number;
  readonly isPlanar: boolean;
  readonly frames: readonly {
    readonly step: number;
    readonly fill: number;
    readonly sync: boolean;
    readonly elide: boolean;
    readonly checksum: boolean;
    readonly inFull: boolean;
  }[];
  /** Bytes of a packet to skip. */
  readonly info: number;
}

/** A stream as the specification describes it; only the code 1 is in use, which says everything itself. */
function write({ width, height, isPlanar, frames, info }: Plan): Uint8Array {
  const size = pictureBytes(width, height, isPlanar);
  const codes = [
    ...[...v(INVALID), ...v(6), ...s(0), ...v(1), ...v(0), ...v(0), ...v(0), ...v(1)],
    ...[...v(CODED | CODED_PTS | SIZE_MSB), ...v(6), ...s(0), ...v(1), ...v(0), ...v(0), ...v(0), ...v(1)],
    ...[...v(INVALID), ...v(6), ...s(0), ...v(1), ...v(0), ...v(0), ...v(0), ...v(253)],
  ];
  const header = packet(START.main, [...[3, 1, 100, 1, 1, 25], ...codes, ...[...v(1), 2, 9, 9], ...v(0)]);
  const stream = packet(START.stream, [
    0,
    0,
    4,
    ...Buffer.from(isPlanar ? 'I420' : 'RGB\x18'),
    0,
    SHIFT,
    1,
    0,
    0,
    0,
    ...v(width),
    ...v(height),
    1,
    1,
    0,
  ]);
  let time = 0;
  const body = frames.flatMap(({ step, fill, sync, elide, checksum, inFull }, i) => {
    const syncs = sync || i === 0;
    time += step;
    const near = !inFull && (syncs || step < 2 ** (SHIFT - 1));
    const coded = near ? time % 2 ** SHIFT : time + 2 ** SHIFT;
    const elided = elide && size > 2;
    const pixels = new Array<number>(size).fill(fill);
    if (elided) pixels.splice(0, 2);
    return [
      ...(syncs ? packet(START.syncpoint, [...v(time), 0]) : []),
      ...[1, ...v((elided ? HEADER_INDEX : 0) | (checksum ? CHECKSUM : 0)), ...v(coded), ...v(size)],
      ...(elided ? v(1) : []),
      ...(checksum ? [1, 2, 3, 4] : []),
      ...pixels,
    ];
  });
  return Uint8Array.from([
    ...new TextEncoder().encode('nut/multimedia container\0'),
    ...header,
    ...stream,
    ...packet(START.info, new Array<number>(info).fill(0x4e)),
    ...body,
    ...header,
  ]);
}

function readAll(reader: NutReader, chunks: readonly Uint8Array[]): NutPicture[] {
  return chunks.flatMap((chunk) => [...reader.push(chunk)]);
}

/** Cuts at the given places, in any order, also twice at one place. */
function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const places = [0, ...at.map((place) => place % bytes.length).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, i) => bytes.slice(places[i], end));
}

const plans: fc.Arbitrary<Plan> = fc.record({
  width: fc.integer({ min: 1, max: 9 }),
  height: fc.integer({ min: 1, max: 9 }),
  isPlanar: fc.boolean(),
  info: fc.constantFrom(0, 3, 5000),
  frames: fc.array(
    fc.record({
      step: fc.oneof(fc.integer({ min: 0, max: 70 }), fc.integer({ min: 0, max: 2 ** 40 })),
      fill: fc.nat(255),
      sync: fc.boolean(),
      elide: fc.boolean(),
      checksum: fc.boolean(),
      inFull: fc.boolean(),
    }),
    { maxLength: 6 },
  ),
});

const frame = { step: 40, fill: 7, sync: false, elide: false, checksum: false, inFull: false };
const small: Plan = { width: 2, height: 2, isPlanar: false, info: 0, frames: [frame, { ...frame, fill: 8 }] };

describe('NutReader', () => {
  it('reads the same pictures however the bytes are cut into chunks', () => {
    fc.assert(
      fc.property(plans, fc.array(fc.nat(), { maxLength: 30 }), (plan, cuts) => {
        const reader = new NutReader();
        const pictures = readAll(reader, cut(write(plan), cuts));
        let time = 0;
        expect(pictures.map(({ ticks, data }) => [ticks, data.at(-1)])).toEqual(
          plan.frames.map(({ step, fill }) => [(time += step), fill]),
        );
        for (const [i, { width, height, isPlanar, data }] of pictures.entries()) {
          const { fill, elide } = plan.frames[i]!;
          const expected = new Array<number>(pictureBytes(plan.width, plan.height, plan.isPlanar)).fill(fill);
          if (elide && expected.length > 2) expected.splice(0, 2, 9, 9);
          expect([width, height, isPlanar, ...data]).toEqual([plan.width, plan.height, plan.isPlanar, ...expected]);
        }
        expect(reader.atRest).toBe(true);
      }),
    );
  });

  it('reads byte by byte', () => {
    const pictures = readAll(
      new NutReader(),
      [...write(small)].map((byte) => Uint8Array.of(byte)),
    );
    expect(pictures.map((picture) => picture.ticks)).toEqual([40, 80]);
  });

  it.each(['rgb24', 'yuv420p'])('reads what ffmpeg writes of %s', async (format) => {
    const [{ path }, folder] = [await findFfmpeg(), await scratchDir()];
    const [nut, raw] = [join(folder, 'a.nut'), join(folder, 'a.rgb')];
    const source = ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=64x46:rate=30000/1001:duration=0.5'];
    const options = ['-pix_fmt', format, '-c:v', 'rawvideo'];
    await runProcess(path, [...source, ...options, '-enc_time_base', '1:1000000', '-write_index', '0', nut], 60_000);
    await runProcess(path, [...source, ...options, '-f', 'rawvideo', raw], 60_000);
    const reader = new NutReader();
    const pictures = [...reader.push(await readFile(nut))];
    expect(pictures.map(({ ticks }) => ticks)).toEqual(
      Array.from({ length: 15 }, (_, i) => Math.round((i * 1001e6) / 30_000)),
    );
    expect(Buffer.concat(pictures.map(({ data }) => data)).equals(await readFile(raw))).toBe(true);
    expect(reader.atRest).toBe(true);
  });

  it('notices a stream that is cut off in the middle of a picture', () => {
    const reader = new NutReader();
    const bytes = write(small);
    const end = bytes.lastIndexOf(8) - 1;
    expect(readAll(reader, [bytes.subarray(0, end)])).toHaveLength(1);
    expect(reader.atRest).toBe(false);
  });

  it.each([
    ['zeros', () => new Uint8Array(40), /a beginning that is not NUT/],
    ['a picture of the wrong size', () => changed(small, [2, 2, 1, 1, 0], [3, 2, 1, 1, 0]), /3 x 2 RGB/],
    ['two streams', () => changed(small, [3, 1, 100], [3, 2, 100]), /2 streams/],
    ['another version', () => changed(small, [3, 1, 100], [4, 1, 100]), /version 4/],
    ['sound', () => changed(small, [0, 0, 4, 0x52, 0x47], [0, 1, 4, 0x52, 0x47]), /not video/],
    ['another pixel format', () => changed(small, [4, 0x52, 0x47], [4, 0x52, 0x48]), /format "RHB/],
    ['an unknown frame code', () => changed(small, [1, 0, 40, 12], [2, 0, 40, 12]), /unknown kind/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => readAll(new NutReader(), [bytes()])).toThrow(FerError);
    expect(() => readAll(new NutReader(), [bytes()])).toThrow(message);
  });
});

/** The stream with the first occurrence of some bytes replaced. */
function changed(plan: Plan, from: readonly number[], to: readonly number[]): Uint8Array {
  const bytes = write(plan);
  const at = bytes.findIndex((_, i) => from.every((byte, j) => bytes[i + j] === byte));
  expect(at).toBeGreaterThan(0);
  bytes.set(to, at);
  return bytes;
}

describe('ByteCursor', () => {
  it('reads numbers back, up to 2^53', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), (unsigned, signed) => {
        const cursor = new ByteCursor(Uint8Array.from([...v(unsigned), ...s(signed)]));
        expect(cursor.readVarint()).toBe(unsigned);
        expect(cursor.readSigned() + 0).toBe(signed + 0);
        expect(cursor.isShort).toBe(false);
        cursor.readByte();
        expect(cursor.isShort).toBe(true);
      }),
    );
  });
});
