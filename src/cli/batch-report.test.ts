import { describe, expect, it, vi } from 'vitest';
import { FerError } from '../errors/fer-error.js';
import { BatchReport } from './batch-report.js';
import { EXIT, exitCodeFor } from './exit.js';
import { Progress, formatDuration, formatProgress, textTable } from './progress.js';

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
    expect(text).toContain('1 of 3 inputs failed');
    // Its reason is printed once, when it happens.
    expect([...target.written, text].join('').split('is not a video')).toHaveLength(2);
    expect(report.exitCode()).toBe(EXIT.someFailed);
    expect(report.hasResults).toBe(true);
  });

  it('an interruption outweighs failures', () => {
    const report = new BatchReport(silent());
    report.take({ type: 'failed', input: 'c.mp4', error: new FerError('INPUT_UNREADABLE', 'c.mp4: is not a video') });
    report.take({ type: 'interrupted', input: 'd.mp4', isKept: true });
    expect(report.exitCode()).toBe(EXIT.interrupted);
    expect(report.hasResults).toBe(false);
  });
});

it.each([
  [true, 'the same command resumes'],
  [false, 'the same command starts this one again'],
])('an interruption says what a rerun does (%s)', (isKept, text) => {
  const target = silent();
  new BatchReport(target).take({ type: 'interrupted', input: '-', isKept });
  expect(target.written.join('')).toContain(text);
});

describe('exitCodeFor', () => {
  it('separates a wrong command, a bad input and a machine that lacks something', () => {
    expect([
      exitCodeFor('USAGE'),
      exitCodeFor('INPUT_NOT_FOUND'),
      exitCodeFor('BACKEND_UNAVAILABLE'),
      exitCodeFor('INTERRUPTED'),
    ]).toEqual([2, 1, 3, 130]);
    const failures = ['ANNOTATION_INVALID', 'FFMPEG_FAILED', 'FOLDER_IN_USE', 'INTERNAL', 'MODEL_BROKEN', 'MODEL_INCOMPATIBLE', 'WORKER_FAILED'] as const; // prettier-ignore
    expect(failures.filter((code) => exitCodeFor(code) !== 1)).toEqual([]);
  });
});

describe('progress', () => {
  it('shows share, rate and time left, or only what is known', () => {
    expect(formatProgress('x', 50, 200, 10)).toMatch(/25%\s+50\/200\s+10\.0 frames\/s\s+15 s left/);
    expect(formatProgress('x', 50, null, 10)).toBe('x  50 frames  10.0 frames/s');
    expect(formatProgress('x', 1, 200, null)).not.toMatch(/left|frames\/s/);
    expect(formatProgress('x', 0, 200, 0)).not.toMatch(/NaN|Infinity/);
  });

  it('does not count loading and warming up: the time left is right from the first figure on', () => {
    vi.useFakeTimers();
    try {
      const target = silent();
      const progress = new Progress({ ...target, isTTY: true, columns: 200 });
      progress.start('x', 100);
      vi.advanceTimersByTime(60_000);
      for (let done = 1; done <= 41; done++) {
        progress.update(done);
        vi.advanceTimersByTime(100);
      }
      const left = target.written.flatMap((text) => /\d+\/100.* (\d+) s left/.exec(text)?.[1] ?? []);
      expect(left.length).toBeGreaterThan(10);
      expect(Math.max(...left.map(Number))).toBeLessThanOrEqual(10);
    } finally {
      vi.useRealTimers();
    }
  });

  it('prints nothing that a terminal would read as a command', () => {
    const target = silent();
    const report = new BatchReport(target);
    const name = 'a\u001b[2J\nall fine\u202e.mp4';
    report.take({ type: 'failed', input: name, error: new FerError('INPUT_UNREADABLE', `${name}: is not a video`) });
    const text = [...target.written, ...report.summary()].join('|');
    for (const control of ['\u001b', '\u202e']) expect(text).not.toContain(control);
    expect(target.written.join('').trimEnd()).not.toContain('\n');
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
