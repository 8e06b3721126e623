import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSourceAddress, withoutPasswords } from './live-source.js';

describe('parseSourceAddress', () => {
  it.each([
    ['/dev/video0', { kind: 'camera', format: 'v4l2', device: '/dev/video0' }],
    ['/dev/v4l/by-id/usb-cam', { kind: 'camera', format: 'v4l2' }],
    ['avfoundation:0', { kind: 'camera', format: 'avfoundation', device: '0' }],
    ['dshow:Integrated Camera', { kind: 'camera', format: 'dshow', device: 'Integrated Camera' }],
    ['rtsp://cam/1', { kind: 'rtsp', url: 'rtsp://cam/1' }],
    ['HTTPS://cam/video.mjpg', { kind: 'http', url: 'https://cam/video.mjpg' }],
    ['lavfi:testsrc2=size=640x480:rate=30', { kind: 'lavfi', graph: 'testsrc2=size=640x480:rate=30' }],
    ['clip.mp4', { kind: 'file', path: 'clip.mp4' }],
    ['C:\\clips\\a.mp4', { kind: 'file', path: 'C:\\clips\\a.mp4' }],
    ['file:///tmp/a%20b.mp4', { kind: 'file', path: '/tmp/a b.mp4' }],
    ['/home/someone/clip.mp4', { kind: 'file', path: '/home/someone/clip.mp4', name: 'clip.mp4' }],
  ])('%s', (text, expected) => {
    expect(parseSourceAddress(text)).toMatchObject(expected);
  });

  it.each(['', '  ', 'gopher://x/y', 'http://', 'rtsp://:70000000'])('refuses %j', (text) => {
    expect(() => parseSourceAddress(text)).toThrow(expect.objectContaining({ code: 'USAGE' }) as Error);
  });

  it('the name contains neither user nor password, wherever they are', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9]{6,12}$/);
    fc.assert(
      fc.property(fc.constantFrom('rtsp', 'http', 'https'), word, word, word, (scheme, user, password, token) => {
        const { name } = parseSourceAddress(`${scheme}://${user}:${password}@cam.invalid:81/live?auth=${token}`);
        expect(name).toBe(`${scheme}://cam.invalid:81/live?...`);
      }),
    );
  });

  it('a mistyped address is refused without its password', () => {
    expect(() => parseSourceAddress('srt://me:secret@host/x')).toThrow(/^srt:\/\/host\/x: srt addresses/);
    expect(() => parseSourceAddress('http://me:secret@:x/')).not.toThrow(/secret/);
  });
});

it('passwords are left out of what ffmpeg says', () => {
  expect(withoutPasswords('rtsp://me:p%40ss@10.0.0.1:554/a?pw=secret: Connection refused')).toBe(
    'rtsp://10.0.0.1:554/a?...: Connection refused',
  );
  expect(withoutPasswords('rtsp://me:p@ss@10.0.0.1/a: 401')).toBe('rtsp://10.0.0.1/a: 401');
  expect(withoutPasswords('no address here: a@b')).toBe('no address here: a@b');
});
