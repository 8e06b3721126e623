import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../files/atomic-file.js';
import { makeFolder, writeError } from '../../files/write-error.js';
import type { EpochRecord } from './epoch-tables.js';

/** Where the events are inside a run folder. The name is fixed, so that a run has one file however often it was resumed. */
export const TENSORBOARD_FOLDER = 'tensorboard';
export const EVENTS_FILE = 'events.out.tfevents.0000000000.ferstream';

export interface TensorboardOptions {
  /** Names of the classes; with them, recall of each class is written. */
  readonly labels?: readonly string[];
  /** Seconds since 1970; for tests. */
  readonly now?: number;
}

/**
 * Brings the event file of a run to what `history` says: one event an epoch, step = epoch, none twice.
 *
 * A TensorBoard that is watching keeps the file open, so what is already right in it stays and only the rest is
 * appended (also after a write that was cut short). Where the file says something else, as after going back to an
 * earlier checkpoint, it is replaced; a running TensorBoard may then need a restart.
 * @param folder the run folder; `tensorboard/` is made in it
 * @throws FerError OUTPUT_UNWRITABLE
 */
export async function writeTensorboardEvents(
  folder: string,
  history: readonly EpochRecord[],
  options: TensorboardOptions = {},
): Promise<void> {
  const place = join(folder, TENSORBOARD_FOLDER);
  const path = join(place, EVENTS_FILE);
  try {
    await makeFolder(place);
  } catch (error) {
    throw writeError(path, error);
  }
  const present = await readFile(path).catch(() => Buffer.alloc(0));
  const now = options.now ?? Date.now() / 1000;
  const began = timeOfVersionRecord(present) ?? now - history.reduce((sum, { seconds }) => sum + seconds, 0);
  const wanted = eventFile(history, began, options.labels);
  const agrees = present.length > 0 && wanted.subarray(0, present.length).equals(present);
  await (agrees ? append(path, wanted.subarray(present.length)) : writeFileAtomic(path, wanted));
}

/**
 * The bytes of an event file.
 * @param began seconds since 1970; each epoch's wall time is this plus the seconds of all epochs up to it
 */
export function eventFile(history: readonly EpochRecord[], began: number, labels: readonly string[] = []): Buffer {
  let wallTime = began;
  const events = history.map((record) => {
    wallTime += record.seconds;
    return scalarRecord({ wallTime, step: record.epoch, scalars: epochScalars(record, labels) });
  });
  return Buffer.concat([versionRecord(began), ...events]);
}

/** TensorBoard scalars of an epoch; the name before a slash is the group. */
function epochScalars(record: EpochRecord, labels: readonly string[] = []): Record<string, number> {
  const { validation, calibration } = record;
  const scalars: Record<string, number> = { 'loss/train': record.loss, 'accuracy/train': record.trainAccuracy };
  if (validation !== null) {
    scalars['loss/validation'] = validation.loss;
    scalars['accuracy/validation'] = validation.accuracy;
    scalars['accuracy/validation_class_mean'] = validation.meanClassAccuracy;
    scalars['accuracy/validation_macro_f1'] = validation.macroF1;
    scalars['calibration/validation_error'] = validation.expectedCalibrationError;
    labels.forEach((label, k) => {
      const recall = validation.recall[k] ?? null;
      if (recall !== null) scalars[`recall/${label}`] = recall;
    });
  }
  if (calibration != null) {
    scalars['calibration/temperature'] = calibration.temperature;
    scalars['calibration/validation_error_calibrated'] = calibration.expectedCalibrationError;
  }
  for (const [name, value] of Object.entries(record.parts)) scalars[`loss_parts/${name}`] = value;
  scalars['optimizer/learning_rate'] = record.learningRate;
  scalars['speed/samples_per_second'] = record.samplesPerSecond;
  return scalars;
}

async function append(path: string, data: Buffer): Promise<void> {
  if (data.length === 0) return;
  try {
    const handle = await open(path, 'a');
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw writeError(path, error);
  }
}

/** Named numbers of one step. */
interface ScalarEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
  readonly scalars: Readonly<Record<string, number>>;
}

/**
 * One record of an event file: `scalars` as a protobuf `Event` (tensorflow/core/util/event.proto), framed as TFRecord.
 * Six fields are all that scalars need, so they are encoded here.
 */
export function scalarRecord({ wallTime, step, scalars }: ScalarEvent): Buffer {
  const values = Object.entries(scalars).map(([tag, value]) =>
    message(SUMMARY_VALUE, Buffer.concat([text(VALUE_TAG, tag), float(VALUE_SIMPLE, value)])),
  );
  return framed(
    Buffer.concat([
      double(EVENT_WALL_TIME, wallTime),
      integer(EVENT_STEP, step),
      message(EVENT_SUMMARY, Buffer.concat(values)),
    ]),
  );
}

/** The record every event file begins with. */
function versionRecord(wallTime: number): Buffer {
  return framed(Buffer.concat([double(EVENT_WALL_TIME, wallTime), text(EVENT_FILE_VERSION, 'brain.Event:2')]));
}

/** The time in the version record a file begins with, in seconds since 1970; null when it does not begin with one. */
function timeOfVersionRecord(file: Buffer): number | null {
  if (file.length < TIME_AT + 8) return null;
  const wallTime = file.readDoubleLE(TIME_AT);
  const record = versionRecord(wallTime);
  return file.subarray(0, record.length).equals(record) ? wallTime : null;
}

const EVENT_WALL_TIME = 1;
const EVENT_STEP = 2;
const EVENT_FILE_VERSION = 3;
const EVENT_SUMMARY = 5;
const SUMMARY_VALUE = 1;
const VALUE_TAG = 1;
const VALUE_SIMPLE = 2;

/** Protobuf wire types. */
const VARINT = 0;
const BITS_64 = 1;
const BYTES = 2;
const BITS_32 = 5;

/** Bytes of a TFRecord before its data: the length, and that length's checksum. */
const FRAME_HEAD = 12;
/** The time's bytes follow the key of its field. */
const TIME_AT = FRAME_HEAD + 1;

/** TFRecord: uint64 length, its masked CRC-32C, the data, its masked CRC-32C; all little-endian. */
function framed(data: Buffer): Buffer {
  const head = Buffer.alloc(FRAME_HEAD);
  head.writeBigUInt64LE(BigInt(data.length));
  head.writeUInt32LE(maskedCrc32c(head.subarray(0, 8)), 8);
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(maskedCrc32c(data));
  return Buffer.concat([head, data, tail]);
}

function key(field: number, wireType: number): Buffer {
  return varint((field << 3) | wireType);
}

/** @param value a whole number from 0 to 2^53 - 1 */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  // Division, not shifts: those would cut at 32 bits.
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  return Buffer.from([...bytes, value]);
}

function integer(field: number, value: number): Buffer {
  return Buffer.concat([key(field, VARINT), varint(value)]);
}

function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([key(field, BITS_64), bytes]);
}

function float(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([key(field, BITS_32), bytes]);
}

function message(field: number, data: Buffer): Buffer {
  return Buffer.concat([key(field, BYTES), varint(data.length), data]);
}

function text(field: number, value: string): Buffer {
  return message(field, Buffer.from(value, 'utf8'));
}

/** Castagnoli's polynomial, bits reversed. */
const POLYNOMIAL = 0x82f63b78;

/** The checksum of each byte alone. [256] */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc;
});

/** CRC-32C (RFC 3720, appendix B.4), unsigned. */
export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** As TFRecord files hold it: turned and shifted, because a checksum over data that holds checksums is a weak one. */
export function maskedCrc32c(data: Uint8Array): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
