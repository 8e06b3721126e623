import { PROTOCOL_VERSION } from './messages.js';

/**
 * A picture on the wire: 16 bytes, then a JPEG. All numbers are big-endian.
 *
 *     0      version of the protocol (1)
 *     1      kind of picture: 1 = JPEG
 *     2..3   zero
 *     4..7   sequence number, uint32
 *     8..15  capture time, float64, milliseconds by the sender's clock
 */
export interface FrameMessage {
  readonly sequence: number;
  readonly captureTime: number;
  readonly jpeg: Uint8Array;
}

export const FRAME_HEADER_BYTES = 16;

const KIND_JPEG = 1;
const LARGEST_SEQUENCE = 0xffff_ffff;

export function encodeFrameHeader({ sequence, captureTime }: Omit<FrameMessage, 'jpeg'>): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(FRAME_HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint8(0, PROTOCOL_VERSION);
  view.setUint8(1, KIND_JPEG);
  view.setUint32(4, sequence % (LARGEST_SEQUENCE + 1));
  view.setFloat64(8, captureTime);
  return header;
}

/** @returns the frame, its JPEG a view into `message`; for an invalid message, one line that says why */
export function decodeFrameMessage(message: Uint8Array): FrameMessage | string {
  if (message.byteLength <= FRAME_HEADER_BYTES)
    return `a frame is a header of ${FRAME_HEADER_BYTES} bytes and a JPEG; this message has ${message.byteLength} bytes`;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  if (view.getUint8(0) !== PROTOCOL_VERSION)
    return `byte 0 is ${view.getUint8(0)}; it must be the protocol version, ${PROTOCOL_VERSION}`;
  if (view.getUint8(1) !== KIND_JPEG) return `byte 1 is ${view.getUint8(1)}; only ${KIND_JPEG} (JPEG) is known`;
  if (view.getUint16(2) !== 0) return 'bytes 2 and 3 must be zero';
  const captureTime = view.getFloat64(8);
  if (!Number.isFinite(captureTime) || captureTime < 0)
    return 'bytes 8 to 15 must be a time in milliseconds (float64, big-endian)';
  return { sequence: view.getUint32(4), captureTime, jpeg: message.subarray(FRAME_HEADER_BYTES) };
}
