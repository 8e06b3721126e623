import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { THREE_LABELS, epochHistory } from '../../../test/support/epoch-history.js';
import { scratchDir } from '../../../test/support/scratch.js';
import {
  EVENTS_FILE,
  TENSORBOARD_FOLDER,
  crc32c,
  eventFile,
  maskedCrc32c,
  scalarRecord,
  writeTensorboardEvents,
} from './tensorboard.js';

const scratch = await scratchDir();
const NOW = 1_800_000_000.5;

describe('event files for TensorBoard', () => {
  it('begin with the version, then hold one event an epoch', () => {
    const history = epochHistory(3);
    const [version, ...events] = decode(eventFile(history, NOW, THREE_LABELS));
    expect(version).toEqual({ wallTime: NOW, fileVersion: 'brain.Event:2', scalars: {} });
    expect(events.map(({ step }) => step)).toEqual([1, 2, 3]);
    expect(events.map(({ wallTime }) => wallTime)).toEqual([NOW + 10.125, NOW + 20.375, NOW + 30.75]);
    const f = Math.fround;
    const { validation } = history[2]!;
    expect(events[2]!.scalars).toEqual({
      'loss/train': f(2 / 3),
      'accuracy/train': f(history[2]!.trainAccuracy),
      'loss/validation': f(1 / 3),
      'accuracy/validation': f(validation!.accuracy),
      'accuracy/validation_class_mean': f(validation!.meanClassAccuracy),
      'accuracy/validation_macro_f1': f(validation!.macroF1),
      'calibration/validation_error': 0.125,
      'calibration/temperature': 1.5,
      'calibration/validation_error_calibrated': 0.03125,
      'recall/Neutral': f(13 / 16),
      'recall/Happiness': f(0.7),
      'loss_parts/supervised': 0.5,
      'loss_parts/consistency': f(0.25 / 3),
      'optimizer/learning_rate': f(history[2]!.learningRate),
      'speed/samples_per_second': 128,
    });
    expect(Object.keys(events[1]!.scalars).filter((tag) => tag.includes('validation'))).toEqual([]); // an epoch without
  });

  it('hold any step and any number', () => {
    for (const step of [0, 127, 128, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      const [event] = decode(scalarRecord({ wallTime: 1, step, scalars: { 'größe/ä': -Infinity, none: NaN } }));
      expect(event).toEqual({ wallTime: 1, step, scalars: { 'größe/ä': -Infinity, none: NaN } });
    }
  });

  it('grow by what is new, so that a TensorBoard that is watching sees it', async () => {
    const { folder, path } = place('grows');
    await writeTensorboardEvents(folder, epochHistory(2), { now: NOW });
    const before = { bytes: await readFile(path), inode: (await stat(path)).ino };
    await writeTensorboardEvents(folder, epochHistory(3), { now: NOW + 500 });
    const after = await readFile(path);
    expect((await stat(path)).ino).toBe(before.inode);
    expect(after.subarray(0, before.bytes.length).equals(before.bytes)).toBe(true);
    expect(steps(after)).toEqual([1, 2, 3]);
    expect(decode(after)[0]!.wallTime).toBe(NOW - 20.375);
  });

  it('have no step twice after a run went back, and are whole again after a write cut short', async () => {
    const { folder, path } = place('resumed');
    await writeTensorboardEvents(folder, epochHistory(4));
    const whole = await readFile(path);
    const differently = [...epochHistory(2), { ...epochHistory(3)[2]!, loss: 9 }];
    await writeTensorboardEvents(folder, differently);
    expect(steps(await readFile(path))).toEqual([1, 2, 3]);
    expect(decode(await readFile(path))[3]!.scalars['loss/train']).toBe(9);
    for (const cut of [1, 20, whole.length - 7]) {
      await writeFile(path, whole.subarray(0, cut));
      await writeTensorboardEvents(folder, epochHistory(4));
      expect(steps(await readFile(path))).toEqual([1, 2, 3, 4]);
    }
    await writeFile(path, 'something else altogether, and longer than the first record');
    await writeTensorboardEvents(folder, epochHistory(1));
    expect(steps(await readFile(path))).toEqual([1]);
    expect(await readdir(join(folder, TENSORBOARD_FOLDER))).toEqual([EVENTS_FILE]);
  });

  it('say so when they cannot be written', async () => {
    const inTheWay = join(scratch, 'in-the-way');
    await writeFile(inTheWay, 'a file');
    await expect(writeTensorboardEvents(inTheWay, [])).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
      message: expect.stringContaining(EVENTS_FILE) as string,
    });
  });
});

function place(name: string): { folder: string; path: string } {
  return { folder: join(scratch, name), path: join(scratch, name, TENSORBOARD_FOLDER, EVENTS_FILE) };
}

function steps(file: Buffer): (number | undefined)[] {
  return decode(file)
    .slice(1)
    .map(({ step }) => step);
}

interface Decoded {
  wallTime: number;
  step?: number;
  fileVersion?: string;
  scalars: Record<string, number>;
}

/** A reader of its own: no code of the writer's, so that both cannot be wrong alike. */
function decode(file: Buffer): Decoded[] {
  const events: Decoded[] = [];
  let at = 0;
  while (at < file.length) {
    const length = Number(file.readBigUInt64LE(at));
    expect(file.readUInt32LE(at + 8)).toBe(bitwiseMaskedCrc(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(data).toHaveLength(length);
    expect(file.readUInt32LE(at + 12 + length)).toBe(bitwiseMaskedCrc(data));
    const event: Decoded = { wallTime: NaN, scalars: {} };
    for (const [field, value] of fields(data)) {
      if (field === 1) event.wallTime = (value as Buffer).readDoubleLE();
      else if (field === 2) event.step = Number(value);
      else if (field === 3) event.fileVersion = (value as Buffer).toString('utf8');
      else if (field === 5) {
        for (const [, item] of fields(value as Buffer)) {
          const parts = new Map(fields(item as Buffer));
          event.scalars[(parts.get(1) as Buffer).toString('utf8')] = (parts.get(2) as Buffer).readFloatLE();
        }
      } else throw new Error(`unexpected field ${field}`);
    }
    events.push(event);
    at += 16 + length;
  }
  return events;
}

/** Fields of a protobuf message in their order. */
function fields(data: Buffer): [number, bigint | Buffer][] {
  const found: [number, bigint | Buffer][] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = data.readUInt8(at);
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < data.length) {
    const key = Number(varint());
    const type = key & 7;
    if (type === 0) {
      found.push([key >> 3, varint()]);
      continue;
    }
    const length = type === 1 ? 8 : type === 5 ? 4 : Number(varint());
    found.push([key >> 3, data.subarray(at, at + length)]);
    at += length;
  }
  return found;
}

/** CRC-32C bit by bit, the mask in big integers. */
function bitwiseMaskedCrc(data: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    for (let bit = 0; bit < 8; bit += 1) {
      const low = (crc ^ (byte >> bit)) & 1;
      crc = (crc >>> 1) ^ (low === 1 ? 0x82f63b78 : 0);
    }
  }
  const sum = BigInt((crc ^ 0xffffffff) >>> 0);
  return Number((((sum >> 15n) | (sum << 17n)) + 0xa282ead8n) & 0xffffffffn);
}

describe('CRC-32C', () => {
  it('gives the published check values', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    // RFC 3720, B.4: the bytes below are its results, least significant first.
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i))).toBe(0x113fdb5c);
    expect(crc32c(new Uint8Array(0))).toBe(0);
  });

  it('is masked as TFRecord asks, reversibly', () => {
    for (const text of ['', 'a', 'foo', '123456789']) {
      const masked = maskedCrc32c(Buffer.from(text));
      expect(masked).toBeGreaterThanOrEqual(0);
      const turned = (masked - 0xa282ead8) >>> 0;
      expect(((turned >>> 17) | (turned << 15)) >>> 0).toBe(crc32c(Buffer.from(text)));
    }
  });
});
