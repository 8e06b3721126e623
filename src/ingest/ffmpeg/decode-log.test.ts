import { expect, it } from 'vitest';
import { DecodeLog } from './decode-log.js';

it('counts what speaks of damage and nothing else', () => {
  const log = new DecodeLog();
  log.add('[h264 @ 0x55be47b30580] Invalid NAL unit size (909 > 490).');
  log.add('   ');
  log.add(
    '[matroska @ 0x1] Application provided invalid, non monotonically increasing dts to muxer in stream 0: 5 >= 5',
  );
  log.add('[mov,mp4,m4a,3gp,3g2,mj2 @ 0x10d56ec0] stream 0, offset 0x30ee3: partial file');
  expect(log.errors).toBe(2);
  expect(log.tail.at(0)).toBe('[h264] Invalid NAL unit size (909 > 490).');
  log.forgetErrors();
  expect(log.errors).toBe(0);
  expect(log.tail).toHaveLength(3);
});

it('keeps only the last lines of a long complaint, and counts all', () => {
  const log = new DecodeLog();
  for (let i = 0; i < 1000; i++) log.add(`error ${i}`);
  expect(log.errors).toBe(1000);
  expect(log.tail.length).toBeLessThan(50);
  expect(log.tail.at(-1)).toBe('error 999');
});
