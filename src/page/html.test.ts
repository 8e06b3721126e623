import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Html, html, decades, duration, figure, percent, ticks } from './html.js';

describe('html', () => {
  it('escapes text, in attributes too, and keeps markup', () => {
    expect(
      html`<p title="${'"><script>'}">${"a & b's"}${null}${3}${new Html('<br>')}${[html`<i>${'<'}</i>`, 'x']}</p>`.text,
    ).toBe('<p title="&quot;&gt;&lt;script&gt;">a &amp; b&#39;s3<br><i>&lt;</i>x</p>');
  });

  it('never turns text into markup', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('<', '>', '&', '"', "'", '\u0000', '\u001B', 'a', ';', '#', 'é', '😀') }),
        (text) => {
          // eslint-disable-next-line no-control-regex -- what must be gone
          return !/[<>"'\u0000-\u0008\u000B\u000C\u000E-\u001F]|&(?!amp;|lt;|gt;|quot;|#39;)/.test(html`${text}`.text);
        },
      ),
    );
  });
});

describe('numbers for people', () => {
  it('are short', () => {
    expect([0, 1.23456, 123456, 1e-4, 2.5e7, null, NaN, Infinity].map(figure)).toEqual([
      '0',
      '1.235',
      '123500',
      '1e-4',
      '2.5e+7',
      '–',
      '–',
      '∞',
    ]);
    expect([0.1234, 1, null, NaN].map(percent)).toEqual(['12.3\u00A0%', '100.0\u00A0%', '–', '–']);
    expect([12.4, 59.6, 3599, 3600, 11_100].map(duration)).toEqual([
      '12 s',
      '1 min',
      '1 h 00 min',
      '1 h 00 min',
      '3 h 05 min',
    ]);
  });
});

describe('ticks', () => {
  it('are round', () => {
    expect(ticks(0.03, 0.97, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(ticks(1, 40, 8)).toEqual([0, 5, 10, 15, 20, 25, 30, 35, 40]);
    expect(decades(2e-5, 0.001)).toEqual([1e-5, 1e-4, 1e-3]);
  });

  it('enclose any range, also one of a single number, in few steps', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.oneof(fc.constant(0), fc.double({ min: 1e-3, max: 1e6, noNaN: true })),
        (low, width) => {
          const marks = ticks(low, low + width, 5);
          const slack = 1e-9 + 1e-6 * Math.max(Math.abs(low), width);
          expect(marks[0]!).toBeLessThanOrEqual(low + slack);
          expect(marks.at(-1)!).toBeGreaterThanOrEqual(low + width - slack);
          expect(marks.length).toBeGreaterThanOrEqual(2);
          expect(marks.length).toBeLessThanOrEqual(12);
          expect(marks).toEqual(marks.toSorted((a, b) => a - b));
        },
      ),
    );
  });
});
