import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Box } from '../../ingest/face/align/geometry.js';
import { liveFace } from '../../../test/support/live-face.js';
import { labelPlace, overlayShapes, panelPlace } from './overlay-drawing.js';

describe('overlay', () => {
  it('scales boxes with the picture, and mirrors them with it', () => {
    const face = liveFace({ happiness: 0.9, surprise: 0.1 });
    const [picture, view] = [
      { width: 100, height: 100 },
      { width: 300, height: 200 },
    ];
    expect(overlayShapes([face], picture, view, false)[0]).toMatchObject({
      x: 70,
      y: 40,
      width: 60,
      height: 80,
      colour: '#F0E442',
      dashed: false,
      faint: false,
      text: '1  happiness 90 %',
    });
    // 10..40 of 100 from the left is 60..90 in the mirror.
    expect(overlayShapes([face], picture, view, true)[0]).toMatchObject({
      x: 170,
      y: 40,
      width: 60,
      height: 80,
      text: '1  happiness 90 %',
    });
  });

  it('names the runner-up, in a dashed box, when it comes close', () => {
    const face = liveFace({ neutral: 0.1, surprise: 0.3, happiness: 0.6 }, { evidence: 'coasted' });
    const [shape] = overlayShapes([face], { width: 100, height: 100 }, { width: 100, height: 100 }, false);
    expect(shape).toMatchObject({ dashed: true, faint: true, text: '1  happiness 60 % / surprise 30 %' });
  });

  it('keeps labels in the view, above their boxes where there is room', () => {
    const label = { width: 100, height: 20 };
    const view = { width: 400, height: 300 };
    expect(labelPlace({ x: 50, y: 60, height: 80 }, label, view)).toMatchObject({ x: 50, y: 40 });
    expect(labelPlace({ x: 50, y: 10, height: 80 }, label, view)).toMatchObject({ x: 50, y: 10 });
    expect(labelPlace({ x: 380, y: -30, height: 80 }, label, view)).toMatchObject({ x: 300, y: 0 });
    fc.assert(
      fc.property(fc.integer({ min: -500, max: 900 }), fc.integer({ min: -500, max: 900 }), (x, y) => {
        const place = labelPlace({ x, y, height: 80 }, label, view);
        expect(place.x >= 0 && place.y >= 0 && place.x <= 300 && place.y <= 280).toBe(true);
      }),
    );
  });

  it('keeps a label off other labels, while there is a place', () => {
    const [label, view] = [
      { width: 100, height: 20 },
      { width: 400, height: 300 },
    ];
    const box = { x: 50, y: 60, height: 80 };
    const above = labelPlace(box, label, view);
    const below = labelPlace(box, label, view, 0, [above]);
    expect([above.y, below.y]).toEqual([40, 140]);
    expect(labelPlace(box, label, view, 0, [above, below]).y).toBe(120);
    expect(labelPlace(box, label, view, 0, [{ x: 0, y: 0, ...view }])).toEqual(above);
  });

  it('keeps labels off each other and off the status at the top, where many faces are close', () => {
    const [label, view, top] = [{ width: 150, height: 22 }, { width: 320, height: 240 }, 33];
    const overlaps = (a: Box, b: Box): boolean =>
      a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
    const face = fc.record({
      x: fc.integer({ min: -20, max: 330 }),
      y: fc.integer({ min: -20, max: 250 }),
      height: fc.integer({ min: 10, max: 200 }),
    });
    fc.assert(
      fc.property(fc.array(face, { maxLength: 4 }), (faces) => {
        const labels: Box[] = [];
        for (const shape of faces) {
          const place = labelPlace(shape, label, view, top, labels);
          expect(place.x >= 0 && place.y >= top && place.x <= 170 && place.y <= 218).toBe(true);
          expect(labels.some((other) => overlaps(place, other))).toBe(false);
          labels.push(place);
        }
      }),
    );
  });

  it('shows unsure faces in grey with a question mark, and lists the top three expressions', () => {
    const shares = { neutral: 0.1, surprise: 0.3, happiness: 0.6, fear: 0 };
    const size = { width: 100, height: 100 };
    const [sure, unsure] = overlayShapes([liveFace(shares), liveFace(shares, { trust: 'unsure' })], size, size, false);
    expect(sure!.rows.map(({ label, share }) => [label, share])).toEqual([
      ['happiness', 0.6],
      ['surprise', 0.3],
      ['neutral', 0.1],
    ]);
    expect([sure!.badge, unsure!.badge, unsure!.text]).toEqual(['1', '1 ?', '1  ? happiness 60 % / surprise 30 %']);
    expect(new Set(unsure!.rows.map(({ colour }) => colour))).toEqual(new Set([unsure!.colour]));
    expect(unsure!.colour).not.toBe(sure!.colour);
  });

  it('puts a panel where it covers no face, no other panel and not the top; otherwise shows none', () => {
    const [view, panel] = [
      { width: 400, height: 300 },
      { width: 100, height: 60 },
    ];
    const face = { x: 80, y: 120, width: 80, height: 100 };
    expect(panelPlace(face, panel, view, 30, [])).toMatchObject({ x: 168, y: 120 });
    expect(panelPlace({ ...face, y: 10 }, panel, view, 30, [])).toMatchObject({ x: 168, y: 30 });
    const neighbour = { x: 170, y: 100, width: 80, height: 100 };
    expect(panelPlace(face, panel, view, 30, [neighbour])).toMatchObject({ x: 70, y: 52 });
    expect(panelPlace(face, panel, view, 60, [neighbour])).toMatchObject({ y: 228 });
    expect(panelPlace(face, panel, view, 60, [{ x: 0, y: 0, ...view }])).toBeNull();
  });
});
