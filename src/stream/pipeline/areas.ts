import { z } from 'zod';
import { FerError } from '../../errors/fer-error.js';
import type { Box } from '../../ingest/face/align/geometry.js';

const length = z.number().min(0);

/** A rectangle of the frame: pixels of the frame as annotated, or shares of its sides in percent. */
export const areaSchema = z.strictObject({
  x: length,
  y: length,
  width: z.number().positive(),
  height: z.number().positive(),
  unit: z.enum(['pixels', 'percent']).default('pixels'),
});

export type Area = z.output<typeof areaSchema>;

/** Which part of the picture counts. */
export interface Areas {
  /** Only faces whose centre is in here; null is the whole frame. */
  readonly region: Area | null;
  /** No faces whose centre is in one of these: posters, screens, mirrors. */
  readonly ignore: readonly Area[];
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Whether a face counts, by the centre of its box. */
export function isInAreas(box: Box, frame: Size, { region, ignore }: Areas): boolean {
  const x = box.x + box.width / 2;
  const y = box.y + box.height / 2;
  const holds = (area: Area): boolean => {
    const scale = area.unit === 'percent' ? { x: frame.width / 100, y: frame.height / 100 } : { x: 1, y: 1 };
    const left = area.x * scale.x;
    const top = area.y * scale.y;
    return x >= left && x < left + area.width * scale.x && y >= top && y < top + area.height * scale.y;
  };
  return (region === null || holds(region)) && !ignore.some(holds);
}

/**
 * "10,20,300,200" in pixels, or "0%,0%,50%,100%".
 * @throws FerError CONFIG_INVALID
 */
export function parseArea(text: string): Area {
  const parts = text.split(',').map((part) => part.trim());
  const isPercent = parts.every((part) => part.endsWith('%'));
  const values = parts
    .map((part) => (isPercent ? part.slice(0, -1) : part))
    .map((part) => (part === '' ? NaN : Number(part)));
  const [x, y, width, height] = values;
  const parsed = areaSchema.safeParse({ x, y, width, height, unit: isPercent ? 'percent' : 'pixels' });
  if (values.length !== 4 || !parsed.success) {
    throw new FerError(
      'CONFIG_INVALID',
      `"${text}" is not an area; write x,y,width,height in pixels, or all four in percent (0%,0%,50%,100%)`,
    );
  }
  return parsed.data;
}
