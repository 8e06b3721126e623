import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FRAME_HEADER_BYTES, decodeFrameMessage, encodeFrameHeader } from './messages.js';

describe('a frame on the wire', () => {
  it('survives encoding and decoding, at any offset in a buffer', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffff_ffff),
        fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
        fc.uint8Array({ minLength: 1 }),
        fc.nat(9),
        (sequence, captureTime, jpeg, offset) => {
          const message = Buffer.concat([
            Buffer.alloc(offset, 7),
            encodeFrameHeader({ sequence, captureTime }),
            jpeg,
          ]).subarray(offset);
          const frame = decodeFrameMessage(message);
          if (typeof frame === 'string') throw new Error(frame);
          expect([frame.sequence, frame.captureTime]).toEqual([sequence, captureTime]);
          expect(Buffer.compare(frame.jpeg, jpeg)).toBe(0);
          expect(frame.jpeg.buffer).toBe(message.buffer);
        },
      ),
    );
  });

  it('never throws for invalid messages, and gives the reason in one line', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const frame = decodeFrameMessage(bytes);
        if (typeof frame === 'string') expect(frame).toMatch(/^[^\n]{10,120}$/);
        else
          expect([bytes[0], bytes[1], bytes[2], bytes[3], bytes.length > FRAME_HEADER_BYTES]).toEqual([
            1,
            1,
            0,
            0,
            true,
          ]);
      }),
    );
  });

  it.each([
    ['another version', 0, 2, /byte 0 is 2; it must be the protocol version, 1/],
    ['another kind', 1, 9, /byte 1 is 9/],
    ['bytes that are not zero', 3, 1, /bytes 2 and 3/],
    ['a time before all time', 8, 0xc0, /bytes 8 to 15/],
    ['a time that is not a number', 8, 0x7f, /bytes 8 to 15/],
  ])('is refused for %s', (_what, at, value, reason) => {
    const message = Buffer.concat([encodeFrameHeader({ sequence: 1, captureTime: 1e300 }), Buffer.from([0xff])]);
    message[at] = value;
    if (value === 0x7f) message[at + 1] = 0xf8;
    expect(decodeFrameMessage(message)).toMatch(reason);
  });
});
