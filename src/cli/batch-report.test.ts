import { describe, expect, it } from 'vitest';
import { FerError } from '../errors/fer-error.js';
import { BatchReport } from './batch-report.js';
import { EXIT, exitCodeFor } from './exit.js';
import { formatDuration, formatProgress } from './progress.js';
import { textTable } from './text-table.js';

function silent(): { readonly written: string[]; write(text: string): void } {
  const written: string[] = [];
  return { written, write: (text) => void written.push(text) };
}

const outcome = { frames: 50, degraded: false, note: null };

describe('BatchReport', () => {
  it('tells good, damaged and failed inputs apart, at the end and to the shell', () => {
    const target = silent();
    const report = new BatchReport(target);
    report.take({ type: 'planned', inputs: 3 });
    expect(report.exitCode()).toBe(EXIT.ok);
    report.take({ type: 'done', input: 'a.mp4', outputs: [], outcome, seconds: 2 });
    report.take({
      type: 'done',
      input: 'b.mp4',
      outputs: [],
      outcome: { ...outcome, degraded: true, note: '50 of 60 frames' },
      seconds: 2,
    });
    report.take({ type: 'failed', input: 'c.mp4', error: new FerError('INPUT_UNREADABLE', 'c.mp4: is not a video') });
    const text = report.summary().join('\n');
    expect(text).toMatch(/a\.mp4\s+ok\s+50\s+2 s\s+25\.0/);
    expect(text).toMatch(/b\.mp4\s+degraded.+50 of 60 frames/);
    expect(text).toContain('1 of 3 inputs failed:\n  c.mp4: is not a video');
    expect(report.exitCode()).toBe(EXIT.someFailed);
    expect(report.hasResults).toBe(true);
  });

  it('an interruption outweighs failures', () => {
    const report = new BatchReport(silent());
    report.take({ type: 'failed', input: 'c.mp4', error: new FerError('INPUT_UNREADABLE', 'c.mp4: is not a video') });
    report.take({ type: 'interrupted', input: 'd.mp4' });
    expect(report.exitCode()).toBe(EXIT.interrupted);
    expect(report.hasResults).toBe(false);
  });
});

describe('exitCodeFor', () => {
  it('separates a wrong command, a bad input and a machine that lacks something', () => {
    expect([
      exitCodeFor('USAGE'),
      exitCodeFor('INPUT_NOT_FOUND'),
      exitCodeFor('BACKEND_UNAVAILABLE'),
      exitCodeFor('INTERRUPTED'),
    ]).toEqual([2, 1, 3, 130]);
  });
});

describe('progress', () => {
  it('shows share, rate and time left, or only what is known', () => {
    expect(formatProgress('x', 50, 200, 5)).toMatch(/25%\s+50\/200\s+10\.0 frames\/s\s+15 s left/);
    expect(formatProgress('x', 50, null, 5)).toBe('x  50 frames  10.0 frames/s');
    expect(formatProgress('x', 0, 200, 0)).not.toMatch(/NaN|Infinity/);
  });

  it('writes durations as people do', () => {
    expect([4.4, 125, 3725].map(formatDuration)).toEqual(['4 s', '2:05', '1:02:05']);
  });
});

describe('textTable', () => {
  it('aligns numbers to the right and text to the left', () => {
    expect(
      textTable(
        ['name', 'n'],
        [
          ['a', '5'],
          ['bcdef', '120'],
        ],
      ),
    ).toEqual(['name     n', '-----  ---', 'a        5', 'bcdef  120']);
  });
});
