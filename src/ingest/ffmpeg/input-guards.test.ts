import { describe, expect, it } from 'vitest';
import { FORMAT_WHITELIST, guardOptions, inputArgument, playlistFormat, refusedKind } from './input-guards.js';
import { refusal } from '../probe/refusal.js';

describe('what ffmpeg may open', () => {
  it.each(['concat', 'hls', 'dash', 'image2', 'lavfi', 'png_pipe', 'sdp', 'rtsp', 'tty'])(
    '%s is not on the list',
    (format) => {
      expect(FORMAT_WHITELIST.split(',')).not.toContain(format);
      expect(refusedKind(format)).not.toBe('other');
    },
  );

  it('a file may use no network protocol, stdin only its own', () => {
    expect(guardOptions('file').join(' ')).toMatch(/-protocol_whitelist file$/);
    expect(guardOptions('stdin').join(' ')).toMatch(/-protocol_whitelist pipe$/);
    expect(inputArgument('file', '-y')).toBe('file:-y');
  });

  it.each([
    ['#EXTM3U\n', 'hls'],
    ['\uFEFF#EXTM3U\n', 'hls'],
    ['ffconcat version 1.0\n', 'concat'],
    ['<?xml version="1.0"?>\n<!-- a -->\n<MPD type="static">', 'dash'],
    ['v=0\r\no=- 0 0 IN IP4', 'sdp'],
    ['\0\0\0\x20ftypisom', null],
    ['<?xml version="1.0"?><note>', null],
  ])('%j is %s', (head, format) => {
    expect(playlistFormat(head)).toBe(format);
  });
});

describe('refusal', () => {
  it.each([
    ["[concat @ 0x5] Format not on whitelist 'mov'", 'INPUT_UNSAFE'],
    ["[png_pipe @ 0x5] Format not on whitelist 'mov'", 'INPUT_UNSAFE'],
    ["[mp3 @ 0x5] Format not on whitelist 'mov'", 'INPUT_NO_VIDEO'],
    ["[webvtt @ 0x5] Format not on whitelist 'mov'", 'INPUT_UNREADABLE'],
    ["[mov @ 0x5] Protocol 'https' not on whitelist 'file'!", 'INPUT_UNSAFE'],
    ['[mov @ 0x5] moov atom not found', 'INPUT_UNREADABLE'],
    ['x.mp4: Invalid data found when processing input', 'INPUT_UNREADABLE'],
  ])('%s -> %s', (line, code) => {
    expect(refusal('x.mp4', [line])).toMatchObject({ code });
  });

  it('says of a picture whether its name is wrong, or that it is no footage', () => {
    const lines = ["[png_pipe @ 0x5] Format not on whitelist 'mov'"];
    expect(refusal('x.mp4', lines).message).toContain('under the name of a video: rename it');
    expect(refusal('x.PNG', lines).message).toBe(
      'x.PNG: is a picture (png_pipe), not footage: give a picture on disk to fer annotate',
    );
  });

  it('tells a server that denies from one that is not there', () => {
    expect(refusal('u', [], { network: '403 Forbidden' }).code).toBe('INPUT_UNREADABLE');
    expect(refusal('u', [], { network: 'getaddrinfo ENOTFOUND u' }).code).toBe('INPUT_NOT_FOUND');
  });

  it('quotes the last line that says something', () => {
    expect(refusal('x', ['[a] [b] x.mp4: Cannot determine format', 'Conversion failed!']).message).toContain(
      '(Cannot determine format)',
    );
  });
});
