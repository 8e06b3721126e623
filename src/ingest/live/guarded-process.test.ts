import { expect, it } from 'vitest';
import { LiveLog } from './guarded-process.js';

it('keeps what ffmpeg complains of, without what a camera wrote into it for the terminal', () => {
  const words = new LiveLog(() => undefined);
  words.push('[rtsp @ 0x55d0c] [error] method DESCRIBE failed: 500 \u009b2J\u001b[2JBroken\n[info] nothing\n');
  expect(words.tail).toEqual(['method DESCRIBE failed: 500  2J [2JBroken']);
});
