import { expect, it } from 'vitest';
import { StatusLine } from './progress.js';

function target(isTTY: boolean): { isTTY: boolean; columns: number; text: string; write(text: string): void } {
  return {
    isTTY,
    columns: 20,
    text: '',
    write(text) {
      this.text += text;
    },
  };
}

it('on a terminal the line changes in place, is cut to the width, and other lines go above it', () => {
  const screen = target(true);
  const line = new StatusLine(screen);
  line.show('2 sessions, and so on and on');
  line.print('source running');
  line.clear();
  expect(screen.text.replaceAll('\r\u001b[K', '<')).toBe('<2 sessions, and so <source running\n<2 sessions, and so <');
});

it('elsewhere it writes plain lines, and seldom', () => {
  const file = target(false);
  const line = new StatusLine(file);
  line.show('2 sessions');
  line.print('source running');
  line.clear();
  expect(file.text).toBe('2 sessions\nsource running\n');
  expect(line.interval).toBeGreaterThan(new StatusLine(target(true)).interval);
});
