import type { Box } from '../../ingest/face/align/geometry.js';
import type { Size } from './canvas-fit.js';

/** A label that wants a place, and the box of its face; lengths in pixels of the canvas. */
export interface LabelWish {
  readonly id: number;
  readonly box: Box;
  readonly size: Size;
}

/** Sides of the box: above is the usual place. */
const PLACES = [
  'above',
  'below',
  'above, to the left',
  'below, to the left',
  'right',
  'left',
  'inside top',
  'inside bottom',
] as const;
type Place = (typeof PLACES)[number];

/**
 * Finds places for the labels of a frame: inside the picture, and off all other labels and, as far as there is room, off the faces. A face keeps
 * its place from frame to frame as long as that is free, so that labels do not jump.
 */
export class LabelLayout {
  private before = new Map<number, Place>();

  constructor(private readonly canvas: Size) {}

  /** @returns the place of each label, in the order of the wishes */
  place(wishes: readonly LabelWish[]): Box[] {
    const taken: Box[] = [];
    const now = new Map<number, Place>();
    const places = wishes.map(({ id, box, size }) => {
      const faces = wishes.map((wish) => wish.box);
      const last = this.before.get(id);
      const order = last === undefined ? PLACES : [last, ...PLACES.filter((place) => place !== last)];
      const candidates = order.map((place) => ({ place, at: this.at(place, box, size) }));
      const covered = (at: Box): number =>
        1000 * taken.reduce((sum, other) => sum + overlap(at, other), 0) +
        faces.reduce((sum, face) => sum + overlap(at, face), 0);
      let best = candidates[0]!;
      let least = covered(best.at);
      for (const candidate of candidates.slice(1)) {
        if (least === 0) break;
        const cost = covered(candidate.at);
        if (cost < least) [best, least] = [candidate, cost];
      }
      const at = least >= 1000 ? this.free(best.at, taken) : best.at;
      taken.push(at);
      now.set(id, best.place);
      return at;
    });
    this.before = now;
    return places;
  }

  private at(place: Place, box: Box, size: Size): Box {
    const [right, bottom] = [box.x + box.width, box.y + box.height];
    const toTheLeft = place === 'above, to the left' || place === 'below, to the left';
    const x =
      place === 'right' ? right : place === 'left' ? box.x - size.width : toTheLeft ? right - size.width : box.x;
    const y = {
      above: box.y - size.height,
      below: bottom,
      'above, to the left': box.y - size.height,
      'below, to the left': bottom,
      'inside top': box.y,
      'inside bottom': bottom - size.height,
      right: box.y,
      left: box.y,
    }[place];
    return this.inPicture({ x, y, ...size });
  }

  /** The nearest row without another label; the place itself in a picture that is full. */
  private free(at: Box, taken: readonly Box[]): Box {
    const step = at.height / 2;
    for (let away = step; away < this.canvas.height; away += step) {
      for (const y of [at.y - away, at.y + away]) {
        const moved = this.inPicture({ ...at, y });
        if (moved.y === y && !taken.some((other) => overlap(moved, other) > 0)) return moved;
      }
    }
    return at;
  }

  private inPicture({ x, y, width, height }: Box): Box {
    return {
      x: Math.max(0, Math.min(x, this.canvas.width - width)),
      y: Math.max(0, Math.min(y, this.canvas.height - height)),
      width,
      height,
    };
  }
}

/** Square pixels that two boxes share. */
function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return width > 1e-6 && height > 1e-6 ? width * height : 0;
}

/** Advance widths of DejaVu Sans Bold in thousandths of an em, for space to "~". */
// prettier-ignore
const WIDTHS = [
  348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696, 696, 696, 696, 696, 696, 696, 696, 400, 400,
  838, 838, 838, 580, 1000, 774, 762, 734, 830, 683, 683, 821, 837, 372, 372, 775, 637, 995, 837, 850, 733, 850, 770, 720, 682, 812, 774, 1103,
  771, 724, 725, 457, 365, 457, 838, 500, 500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687, 716, 716, 493, 595,
  478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
];
/** Share of an em in the line height, which ASS calls font size. */
const EM = 0.859;

/** Pixels that a text takes; of letters beyond ASCII a generous estimate. */
export function textWidth(text: string, fontSize: number): number {
  let sum = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    sum += WIDTHS[code - 32] ?? (code < 0x2e80 ? 850 : 1000);
  }
  return (sum / 1000) * fontSize * EM;
}
