import { expect, it } from 'vitest';
import { browserCommand } from './open-browser.js';

it('knows how each system shows an address, and that a Linux without a screen cannot', () => {
  const url = 'http://127.0.0.1:8787/#token=abc';
  expect(browserCommand('darwin', {}, url)).toEqual(['open', url]);
  expect(browserCommand('win32', {}, url)?.at(-1)).toBe(url);
  expect(browserCommand('linux', { DISPLAY: ':0' }, url)).toEqual(['xdg-open', url]);
  expect(browserCommand('linux', { WAYLAND_DISPLAY: 'wayland-0' }, url)).toEqual(['xdg-open', url]);
  expect(browserCommand('linux', {}, url)).toBeNull();
});
