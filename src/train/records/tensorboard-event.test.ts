import { describe, expect, it } from 'vitest';
import { crc32c, maskedCrc32c } from './tensorboard-event.js';

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
