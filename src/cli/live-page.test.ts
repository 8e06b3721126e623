import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokenFromFragment } from '../stream/client/client-options.js';
import { invitation, pageAddress, browserCommand } from './live-page.js';

const PRIVATE = { host: '127.0.0.1', token: null, secure: false, source: null };

describe('the address of the page', () => {
  it('hands over any token: also one with "+", "/" and "=", as base64 has them', () => {
    for (const token of ['kX9+b/Q2zz==', 'salt & pepper', '100%25', 'grüße#1']) {
      expect(tokenFromFragment(new URL(pageAddress('http://localhost:8787', token)).hash)).toBe(token);
    }
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 8 }), (token) => {
        expect(tokenFromFragment(new URL(pageAddress('http://localhost:8787', token)).hash)).toBe(token);
      }),
    );
  });

  it('is short without a token', () => {
    expect(invitation({ url: 'http://127.0.0.1:8787', port: 8787 }, PRIVATE)).toEqual(['page: http://127.0.0.1:8787/']);
  });
});

it('says what others can do', () => {
  const server = { url: 'http://192.168.1.2:8787', port: 8787 };
  const open = { ...PRIVATE, host: '192.168.1.2', token: 'opensesame42' };
  expect(invitation(server, open).join('\n')).toContain('allow the camera only over https');
  expect(invitation({ ...server, url: 'https://192.168.1.2:8787' }, { ...open, secure: true })).toEqual([
    'page: https://192.168.1.2:8787/#token=opensesame42',
  ]);
  expect(invitation(server, { ...open, source: 'camera' })).toContain('source: camera');
});

it('knows how each system shows an address, and that a Linux without a screen cannot', () => {
  const url = 'http://127.0.0.1:8787/#token=abc';
  expect(browserCommand('darwin', {}, url)).toEqual(['open', url]);
  expect(browserCommand('win32', {}, url)?.at(-1)).toBe(url);
  expect(browserCommand('linux', { DISPLAY: ':0' }, url)).toEqual(['xdg-open', url]);
  expect(browserCommand('linux', { WAYLAND_DISPLAY: 'wayland-0' }, url)).toEqual(['xdg-open', url]);
  expect(browserCommand('linux', {}, url)).toBeNull();
});
