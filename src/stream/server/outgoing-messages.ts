import { randomUUID } from 'node:crypto';
import { printable } from '../../errors/fer-error.js';
import type { Frame } from '../../ingest/frame.js';
import { toRgb } from '../../ingest/frame.js';
import type { LiveSourceStatus } from '../../ingest/live/live-source.js';
import { roundedResult } from '../results/jsonl-text.js';
import { roundTo } from '../results/rounding.js';
import { VERSION } from '../../version.js';
import type { LiveEngine } from '../live/live-engine.js';
import { encodeFrameHeader, PROTOCOL_VERSION } from '../protocol/messages.js';
import type { HelloMessage, ResultMessage, Role, SourceMessage } from '../protocol/messages.js';

/** Thousandths of a millisecond. */
const TIMING_DECIMALS = 3;

/** A result as JSON: numbers as exact as in the files, landmarks only on request. */
export function resultText(result: ResultMessage, landmarks: boolean): string {
  const { type, sequence, captureTime, timestamp, width, height, status, timing } = result;
  const rounded = roundedResult({
    index: sequence,
    timestamp,
    width,
    height,
    status,
    faces: result.faces.map((face) => ({ landmarks: [], ...face })),
  });
  return JSON.stringify({
    type,
    sequence,
    captureTime,
    timestamp: rounded.timestamp,
    width,
    height,
    status,
    faces: landmarks ? rounded.faces : rounded.faces.map(({ landmarks: _, ...face }) => face),
    timing: { waited: roundTo(timing.waited, TIMING_DECIMALS), worked: roundTo(timing.worked, TIMING_DECIMALS) },
  } satisfies ResultMessage);
}

/** Longest message a client may send. */
export const MESSAGE_BYTES = 512 * 1024;

/** One being analyzed, one on its way. */
const FRAMES_IN_FLIGHT = 2;

export function hello(role: Role, { description, maxPixels }: LiveEngine, messagesPerSecond: number): HelloMessage {
  return {
    type: 'hello',
    protocol: PROTOCOL_VERSION,
    role,
    session: randomUUID(),
    ferstream: VERSION,
    ...description,
    limits: {
      messageBytes: MESSAGE_BYTES,
      pixels: maxPixels,
      framesInFlight: FRAMES_IN_FLIGHT,
      messagesPerSecond,
    },
  };
}

const QUALITY = 80;

/** A frame for viewers: header and JPEG. Its bytes are copied at once, so the caller may move them while it is encoded. */
export async function pictureMessage(frame: Frame, captureTime: number): Promise<Uint8Array> {
  const { width, height } = frame;
  const pixels = Uint8Array.from(toRgb(frame));
  const { default: sharp } = await import('sharp');
  const jpeg = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: QUALITY })
    .toBuffer();
  return Buffer.concat([encodeFrameHeader({ sequence: frame.index, captureTime }), jpeg]);
}

export function sourceMessage(name: string, status: LiveSourceStatus): SourceMessage {
  return {
    type: 'source',
    name: printable(name),
    state: status.state,
    detail: 'reason' in status ? printable(status.reason) : null,
    retryIn: status.state === 'reconnecting' ? status.retryIn : null,
  };
}
