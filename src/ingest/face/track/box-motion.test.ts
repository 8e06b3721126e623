import { describe, expect, it } from 'vitest';
import { BoxMotion } from './box-motion.js';

const at = (x: number, size = 100) => ({ x, y: 0, width: size, height: size });

describe('BoxMotion', () => {
  it.each([5, 25, 60])('predicts steady motion at %d frames per second', (rate) => {
    const motion = new BoxMotion(at(0), 0);
    for (let i = 1; i <= 2 * rate; i++) motion.correct(at((200 * i) / rate), i / rate);
    expect(motion.speed).toBeGreaterThan(170);
    expect(motion.predict(2.04).x).toBeGreaterThan(404);
    expect(motion.predict(2.04).x).toBeLessThan(412);
  });

  it('coasts to a halt when nothing is seen', () => {
    const motion = new BoxMotion(at(0), 0);
    for (let i = 1; i <= 25; i++) motion.correct(at(8 * i), i / 25);
    const reach = motion.predict(3).x - 200;
    expect(reach).toBeGreaterThan(20);
    expect(reach).toBeLessThan(60);
    expect(motion.predict(60).x).toBeCloseTo(motion.predict(3).x, 1);
  });

  it('smooths jitter but follows a jump at once', () => {
    const motion = new BoxMotion(at(0), 0);
    let widest = 0;
    for (let i = 1; i <= 50; i++)
      widest = Math.max(widest, Math.abs(motion.correct(at(i % 2 === 0 ? 2 : -2), i / 25).x));
    expect(widest).toBeLessThan(2);
    expect(motion.correct(at(80), 51 / 25).x).toBeCloseTo(80, 0);
  });
});
