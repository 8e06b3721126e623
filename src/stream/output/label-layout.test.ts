import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Box } from '../../ingest/face/align/geometry.js';
import { LabelLayout, textWidth } from './label-layout.js';

const CANVAS = { width: 640, height: 360 };

function overlaps(a: Box, b: Box): boolean {
  return (
    a.x < b.x + b.width - 1e-6 &&
    b.x < a.x + a.width - 1e-6 &&
    a.y < b.y + b.height - 1e-6 &&
    b.y < a.y + a.height - 1e-6
  );
}

describe('labels of the overlay', () => {
  it('are inside the picture and never overlap', () => {
    const wish = fc.record({
      box: fc.record({
        x: fc.integer({ min: 0, max: 600 }),
        y: fc.integer({ min: 0, max: 330 }),
        width: fc.integer({ min: 20, max: 200 }),
        height: fc.integer({ min: 20, max: 200 }),
      }),
      size: fc.record({ width: fc.integer({ min: 40, max: 240 }), height: fc.constant(20) }),
    });
    fc.assert(
      fc.property(fc.array(wish, { maxLength: 6 }), (wishes) => {
        const places = new LabelLayout(CANVAS).place(wishes.map((one, id) => ({ id, ...one })));
        for (const [k, at] of places.entries()) {
          expect(at.x >= 0 && at.y >= 0 && at.x + at.width <= 640 && at.y + at.height <= 360).toBe(true);
          for (const other of places.slice(k + 1)) expect(overlaps(at, other)).toBe(false);
        }
      }),
    );
  });

  it('are above their face, or where they cover no other face', () => {
    const size = { width: 150, height: 20 };
    const layout = new LabelLayout(CANVAS);
    const alone = { id: 1, box: { x: 100, y: 100, width: 80, height: 80 }, size };
    expect(layout.place([alone])[0]).toMatchObject({ x: 100, y: 80 });
    const above = { id: 2, box: { x: 90, y: 10, width: 100, height: 88 }, size };
    const places = layout.place([alone, above]);
    expect(overlaps(places[0]!, above.box)).toBe(false);
    expect(overlaps(places[1]!, alone.box)).toBe(false);
  });

  it('stay on the same side while that is free', () => {
    const layout = new LabelLayout(CANVAS);
    const size = { width: 100, height: 20 };
    const at = (y: number): number =>
      layout.place([{ id: 1, box: { x: 50, y, width: 60, height: 60 }, size }])[0]!.y - y;
    expect([at(100), at(101), at(99)]).toEqual([-20, -20, -20]);
  });

  it('measure text as the font does', () => {
    expect(textWidth('iiii', 20)).toBeLessThan(textWidth('mmmm', 20) / 2);
    expect(textWidth('happiness 92 %', 40)).toBeCloseTo(2 * textWidth('happiness 92 %', 20), 6);
  });
});
