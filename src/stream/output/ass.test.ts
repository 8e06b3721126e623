import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryResults, face, frame } from '../../../test/output/support/results.js';
import type { Box } from '../../ingest/face/align/geometry.js';
import type { FrameResult } from '../pipeline/frame-result.js';
import { assText, assTime } from './ass-script.js';
import { AssTrack } from './ass.js';
import { textWidth } from './label-layout.js';
import { expressionColour } from '../results/palette.js';

interface Event {
  readonly start: number;
  readonly end: number;
  readonly style: string;
  readonly text: string;
}

function scriptOf(results: readonly FrameResult[]): string {
  const track = new AssTrack('clip.mp4');
  return results.map((result) => track.push(result)).join('') + track.end();
}

/** The events of a script, times in milliseconds. */
function eventsOf(script: string): Event[] {
  return [...script.matchAll(/^Dialogue: (.*)$/gm)].map(([, line]) => {
    const [, start, end, style, , , , , , ...text] = line!.split(',');
    return { start: milliseconds(start!), end: milliseconds(end!), style: style!, text: text.join(',') };
  });
}

function milliseconds(time: string): number {
  const [, hours, minutes, seconds, hundredths] = /^(\d):(\d\d):(\d\d)\.(\d\d)$/.exec(time)!.map(Number);
  return ((hours! * 60 + minutes!) * 60 + seconds!) * 1000 + hundredths! * 10;
}

/** What a renderer shows at a presentation time: it cuts the time to milliseconds, and an event's end is exclusive. */
function shownAt(events: readonly Event[], timestamp: number): string[] {
  const now = Math.floor(timestamp * 1000);
  return events.filter(({ style, start, end }) => style === 'Box' && start <= now && now < end).map(({ text }) => text);
}

function moving(times: readonly number[]): FrameResult[] {
  return times.map((timestamp, index) =>
    frame(index, timestamp, [face(1, 'fear', { box: { x: index % 200, y: 50, width: 60, height: 70 } })]),
  );
}

function leftOf(drawing: string): number {
  return Number(/\\p4\}m (-?\d+) /.exec(drawing)![1]) / 8;
}

describe('ASS', () => {
  it('has the size of the first frame that can be read', () => {
    const unreadable = { width: 0, height: 0, status: 'unreadable', problem: 'truncated', file: 'a.jpg' } as const;
    const script = scriptOf([
      frame(0, 0, [], unreadable),
      frame(1, 1, [face(1, 'fear')]),
      frame(2, 2, [], unreadable),
      frame(3, 3, [face(1, 'fear')]),
    ]);
    expect(script.startsWith('[Script Info]')).toBe(true);
    expect(script).toMatch(/^PlayResX: 320\nPlayResY: 240$/m);
    const events = eventsOf(script);
    expect([0, 1, 2, 3].map((second) => shownAt(events, second).length)).toEqual([0, 1, 0, 1]);
  });

  it.each([
    ['24000/1001', 24000 / 1001],
    ['25', 25],
    ['30000/1001', 30000 / 1001],
    ['50', 50],
    ['60000/1001', 60000 / 1001],
  ])(
    'shows every box on its own frame at %s frames a second, also when times were rounded to milliseconds',
    (_name, rate) => {
      const exact = Array.from({ length: 300 }, (_, index) => index / rate);
      for (const annotated of [
        exact,
        exact.map((time) => Math.round(time * 1000) / 1000),
        exact.map((time) => Math.floor(time * 1000) / 1000),
      ]) {
        const events = eventsOf(scriptOf(moving(annotated)));
        for (const [index, time] of exact.entries()) {
          expect(shownAt(events, time).map(leftOf)).toEqual([index % 200]);
        }
      }
    },
  );

  it('shows each frame of a variable-rate recording its own boxes', () => {
    const steps = fc.array(fc.double({ min: 0.0125, max: 1.5, noNaN: true }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(fc.double({ min: 0, max: 5000, noNaN: true }), steps, (start, list) => {
        let time = start;
        const times = list.map((step) => (time += step));
        const events = eventsOf(scriptOf(moving(times)));
        for (const [index, timestamp] of times.entries())
          expect(shownAt(events, timestamp).map(leftOf)).toEqual([index % 200]);
      }),
      { numRuns: 100 },
    );
  });

  it('holds the box of the last annotated frame on frames in between, and ends with the last frame', () => {
    const events = eventsOf(scriptOf(moving([1, 1.2, 1.4])));
    expect(shownAt(events, 1.12).map(leftOf)).toEqual([0]);
    expect(shownAt(events, 1.21).map(leftOf)).toEqual([1]);
    expect(shownAt(events, 1.58)).toHaveLength(1);
    expect(shownAt(events, 1.6)).toHaveLength(0);
    expect(shownAt(events, 0.9)).toHaveLength(0);
  });

  it('shows nothing on frames without a face', () => {
    const events = eventsOf(
      scriptOf([
        ...moving([0, 0.04]),
        frame(2, 0.08, []),
        ...moving([0.12]).map((result) => ({ ...result, index: 3 })),
      ]),
    );
    expect(shownAt(events, 0.08)).toHaveLength(0);
    expect(shownAt(events, 0.12)).toHaveLength(1);
  });

  it('is one event where nothing changes', () => {
    const still = Array.from({ length: 50 }, (_, index) => frame(index, index / 25, [face(1, 'fear')]));
    // Box, pill and text.
    expect(eventsOf(scriptOf(still))).toHaveLength(3);
  });

  it('has events that end after they begin, in a script for the size of the frames', () => {
    fc.assert(
      fc.property(arbitraryResults, (results) => {
        const script = scriptOf(results);
        for (const { start, end } of eventsOf(script)) expect(start).toBeLessThan(end);
        if (results.length > 0) expect(script).toContain('PlayResX: 640\nPlayResY: 360\n');
        expect(script.startsWith('[Script Info]\n')).toBe(true);
        expect(script.match(/\[Events\]/g)).toHaveLength(1);
        // No coordinate beyond the picture: renderers disagree about negative ones.
        expect(script).not.toMatch(/[ml] -/);
      }),
      { numRuns: 100 },
    );
  });

  it('names face, expression and percentage in the colour of the expression, and fades what is only coasted', () => {
    const script = scriptOf([frame(0, 0, [face(3, 'anger', { evidence: 'coasted' })])]);
    expect(script).toContain('}#3 anger 80 %\n');
    const close = face(1, 'fear', { ambiguity: 0.9, trust: 'unsure', name: 'Ann' });
    const doubtful = { ...close, probabilities: { ...close.probabilities, fear: 0.5, anger: 0.45 } };
    expect(scriptOf([frame(0, 0, [doubtful])])).toContain('}Ann fear? 50 % / anger 45 %\n');
    const colour = expressionColour('anger');
    expect(script).toContain(`\\1c&H${colour.slice(4)}${colour.slice(2, 4)}${colour.slice(0, 2)}&\\alpha&H90&`);
  });

  it('takes no text for a command', () => {
    expect(assText('{\\b1}a\\Nb\nc')).toBe('(/b1)a/Nb c');
    expect(scriptOf([frame(0, 0, [face(1, 'x', { label: '{\\p1}m 0 0' })])])).toContain('}#1 (/p1)m 0 0 0 %\n');
  });

  it('counts centiseconds', () => {
    expect(assTime(0)).toBe('0:00:00.00');
    expect(assTime(((1 * 60 + 2) * 60 + 3) * 100 + 45)).toBe('1:02:03.45');
  });
});

describe('expressionColour', () => {
  it('gives different expressions different colours, and an unknown label always the same', () => {
    const labels = ['neutral', 'happiness', 'sadness', 'anger', 'fear', 'disgust', 'surprise', 'contempt'];
    expect(new Set(labels.map(expressionColour)).size).toBe(labels.length);
    expect(expressionColour('boredom')).toMatch(/^[0-9A-F]{6}$/);
    expect(expressionColour('boredom')).toBe(expressionColour('boredom'));
  });
});

describe('labels of a crowd', () => {
  it.each([
    [25, 640, 360],
    [25, 1000, 1000],
    [12, 3840, 2160],
    [36, 1280, 720],
  ])('%d faces at %d x %d: each can be read, none lies on another or on a face', (count, width, height) => {
    const columns = Math.ceil(Math.sqrt(count));
    const [w, h] = [width / columns, height / columns];
    const faces = Array.from({ length: count }, (_, k) =>
      face(k + 1, 'happiness', {
        box: {
          x: (k % columns) * w + w * 0.3,
          y: Math.floor(k / columns) * h + h * 0.3,
          width: w * 0.4,
          height: h * 0.45,
        },
      }),
    );
    const track = new AssTrack('crowd');
    const script = track.push({ ...frame(0, 0, faces), width, height }) + track.end();
    const labels = [...script.matchAll(/\\pos\(([\d.]+),([\d.]+)\)\\fs([\d.]+)[^}]*\}(.*)/g)].map(
      ([, x, y, size, text]) => ({
        x: Number(x),
        y: Number(y),
        width: textWidth(text!.trim(), Number(size)),
        height: Number(size),
      }),
    );
    expect(labels).toHaveLength(count);
    expect(Math.min(...labels.map((label) => label.height))).toBeGreaterThanOrEqual(10);
    const overlaps = (a: Box, b: Box): boolean =>
      a.x < b.x + b.width - 1 && b.x < a.x + a.width - 1 && a.y < b.y + b.height - 1 && b.y < a.y + a.height - 1;
    for (const [k, label] of labels.entries()) {
      for (const other of [...labels.slice(k + 1), ...faces.map(({ box }) => box)])
        expect(overlaps(label, other)).toBe(false);
    }
  });
});
