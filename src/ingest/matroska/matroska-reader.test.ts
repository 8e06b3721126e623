import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FerError } from '../../errors/fer-error.js';
import { MatroskaReader, readSize, readUint, vintLength } from './matroska-reader.js';
import type { MatroskaPicture } from './matroska-reader.js';

/** An element; `size` null writes "size not known". Sizes take eight bytes when `wide`, else one where that is enough. */
function element(id: number[], body: readonly number[], { wide = false, unknown = false } = {}): number[] {
  const size = unknown
    ? [0x01, ...new Array<number>(7).fill(0xff)]
    : wide || body.length > 126
      ? [0x01, 0, 0, 0, 0, (body.length >> 16) & 0xff, (body.length >> 8) & 0xff, body.length & 0xff]
      : [0x80 | body.length];
  return [...id, ...size, ...body];
}

function uint(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** (bytes - 1 - i)) % 256);
}

interface Plan {
  readonly width: number;
  readonly height: number;
  readonly clusters: readonly {
    readonly ticks: number;
    readonly group: boolean;
    readonly blocks: readonly { readonly relative: number; readonly fill: number }[];
  }[];
  readonly wide: boolean;
  readonly unknown: boolean;
}

/** A stream as ffmpeg writes it, with elements that the reader must skip. */
function write({ width, height, clusters, wide, unknown }: Plan): Uint8Array {
  const sizes = { wide };
  const video = element(
    [0xe0],
    [
      ...element([0xb0], uint(width, 2), sizes),
      ...element([0xba], uint(height, 2), sizes),
      ...element([0x55, 0xb0], [1, 2, 3]),
    ],
    sizes,
  );
  const track = element(
    [0xae],
    [...element([0xd7], [1]), ...element([0x63, 0xa2], new Array<number>(40).fill(0xa3)), ...video],
    sizes,
  );
  const body = clusters.flatMap(({ ticks, group, blocks }) =>
    element(
      [0x1f, 0x43, 0xb6, 0x75],
      [
        ...element([0xe7], uint(ticks, 6), sizes),
        ...blocks.flatMap(({ relative, fill }) => {
          const block = [
            0x81,
            (relative >> 8) & 0xff,
            relative & 0xff,
            group ? 0 : 0x80,
            ...new Array<number>(width * height * 3).fill(fill),
          ];
          return group
            ? element([0xa0], [...element([0xa1], block, sizes), ...element([0x9b], [40])], sizes)
            : element([0xa3], block, sizes);
        }),
      ],
      { wide, unknown },
    ),
  );
  return Uint8Array.from([
    ...element([0x1a, 0x45, 0xdf, 0xa3], [...element([0x42, 0x86], [1])], sizes),
    ...element(
      [0x18, 0x53, 0x80, 0x67],
      [
        ...element([0xec], new Array<number>(90).fill(0)),
        ...element([0x15, 0x49, 0xa9, 0x66], element([0x2a, 0xd7, 0xb1], uint(1_000_000, 3)), sizes),
        ...element([0x16, 0x54, 0xae, 0x6b], track, sizes),
        ...body,
      ],
      { unknown },
    ),
  ]);
}

function readAll(reader: MatroskaReader, chunks: readonly Uint8Array[]): MatroskaPicture[] {
  return chunks.flatMap((chunk) => [...reader.push(chunk)]);
}

/** Cuts at the given places, in any order, also twice at one place. */
function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const places = [0, ...at.map((place) => place % bytes.length).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, i) => bytes.slice(places[i], end));
}

const plans = fc.record({
  width: fc.integer({ min: 1, max: 9 }),
  height: fc.integer({ min: 1, max: 9 }),
  wide: fc.boolean(),
  unknown: fc.boolean(),
  clusters: fc.array(
    fc.record({
      ticks: fc.integer({ min: 0, max: 2 ** 45 }),
      group: fc.boolean(),
      blocks: fc.array(fc.record({ relative: fc.integer({ min: -32_768, max: 32_767 }), fill: fc.nat(255) }), {
        maxLength: 4,
      }),
    }),
    { maxLength: 4 },
  ),
});

describe('MatroskaReader', () => {
  it('reads the same pictures however the bytes are cut into chunks', () => {
    fc.assert(
      fc.property(plans, fc.array(fc.nat(), { maxLength: 30 }), (plan, cuts) => {
        const reader = new MatroskaReader();
        const pictures = readAll(reader, cut(write(plan), cuts));
        const expected = plan.clusters.flatMap(({ ticks, blocks }) =>
          blocks.map(({ relative, fill }) => ({ ticks: ticks + relative, fill })),
        );
        expect(pictures.map(({ ticks, data }) => ({ ticks, fill: data[0] }))).toEqual(expected);
        for (const { width, height, data, tick } of pictures) {
          expect([width, height, data.length, tick]).toEqual([
            plan.width,
            plan.height,
            plan.width * plan.height * 3,
            1_000_000,
          ]);
          expect(new Set(data).size).toBe(1);
        }
        expect(reader.atRest).toBe(true);
      }),
    );
  });

  const small: Plan = {
    width: 2,
    height: 2,
    wide: false,
    unknown: true,
    clusters: [
      {
        ticks: 5,
        group: false,
        blocks: [
          { relative: 1, fill: 7 },
          { relative: 2, fill: 8 },
        ],
      },
    ],
  };

  it('reads byte by byte', () => {
    const pictures = readAll(
      new MatroskaReader(),
      [...write(small)].map((byte) => Uint8Array.of(byte)),
    );
    expect(pictures.map((picture) => picture.ticks)).toEqual([6, 7]);
  });

  it('gives each picture its own memory', () => {
    const bytes = write(small);
    const [first, second] = readAll(new MatroskaReader(), [bytes]);
    bytes.fill(0);
    second!.data.fill(99);
    expect([...first!.data]).toEqual(new Array(12).fill(7));
  });

  it('notices a stream that is cut off in the middle of a picture', () => {
    const reader = new MatroskaReader();
    const bytes = write(small);
    expect(readAll(reader, [bytes.subarray(0, bytes.length - 3)])).toHaveLength(1);
    expect(reader.atRest).toBe(false);
  });

  it.each([
    ['zeros', () => new Uint8Array(20)],
    [
      'a picture of the wrong size',
      () => write(small).map((byte, i, all) => (all[i - 1] === 0x82 && all[i - 2] === 0xb0 ? 3 : byte)),
    ],
  ])('refuses %s', (_, bytes) => {
    expect(() => readAll(new MatroskaReader(), [bytes()])).toThrow(FerError);
  });

  it('refuses laced blocks', () => {
    const laced = write({ ...small, clusters: [{ ticks: 0, group: false, blocks: [{ relative: 0, fill: 1 }] }] });
    const flags = laced.lastIndexOf(0x80, laced.length - 13 + 1);
    laced[flags] = 0x86;
    expect(() => readAll(new MatroskaReader(), [laced])).toThrow(/laced/);
  });
});

describe('EBML numbers', () => {
  it('tells the length of a vint from its first byte', () => {
    expect([0x80, 0xff, 0x40, 0x20, 0x1a, 0x01, 0x00].map(vintLength)).toEqual([1, 1, 2, 3, 4, 8, 0]);
  });

  it('reads sizes written with more bytes than they need, up to 2^53', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.integer({ min: 1, max: 8 }), (value, wanted) => {
        const length = Math.max(wanted, shortest(value));
        expect(readSize(vint(value, length), 0, length)).toBe(value);
      }),
    );
  });

  it('takes all ones for "not known", at every length', () => {
    for (let length = 1; length <= 8; length++) {
      const bytes = new Uint8Array(length).fill(0xff);
      bytes[0] = 0xff >> (length - 1);
      expect(readSize(bytes, 0, length)).toBeNull();
    }
  });

  it('reads big-endian integers', () => {
    expect(readUint(Uint8Array.of(9, 0x01, 0x02, 0x03), 1, 3)).toBe(0x010203);
    expect(readUint(new Uint8Array(0), 0, 0)).toBe(0);
  });
});

/** Bytes that hold `value`, leaving the all-ones pattern alone. */
function shortest(value: number): number {
  let length = 1;
  while (value >= 2 ** (7 * length) - 1) length++;
  return length;
}

function vint(value: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let rest = value;
  for (let i = length - 1; i >= 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes[0]! |= 0x80 >> (length - 1);
  return bytes;
}
