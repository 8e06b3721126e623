import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFile } from '../../src/ingest/sources/open-source.js';
import { collect, packetTimes } from './support/clips.js';

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'shared', 'media');
const clips = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => /\.(mp4|mov)$/.test(name)) : [];
if (clips.length === 0) console.warn('SKIPPED real footage: ../shared/media is not there');

describe.runIf(clips.length > 0)('real footage', () => {
  it.each(clips)('%s: every frame, at the time that ffprobe prints', async (name) => {
    const path = join(FOLDER, name);
    const expected = await packetTimes(path);
    // Small pictures: this is about counting.
    const source = await openFile(path, { width: 64 });
    const frames = await collect(source);
    expect(frames).toHaveLength(expected.length);
    frames.forEach((frame, index) => {
      expect(Math.abs(frame.timestamp - expected[index]!)).toBeLessThanOrEqual(1e-6);
    });
    expect(source.report()).toMatchObject({ decodeErrors: 0, degraded: false });
  });
});
