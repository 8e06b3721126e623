import type { Box } from '../../ingest/face/align/geometry.js';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Places a frame on a canvas of another size: scaled by `scale`, then moved by (x, y). */
export interface Fit {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

/** The largest centred place of the frame's shape on the canvas: what ffmpeg's scale (decrease) and pad do. */
export function fitInto(frame: Size, canvas: Size): Fit {
  const scale = Math.min(canvas.width / frame.width, canvas.height / frame.height);
  return { scale, x: (canvas.width - frame.width * scale) / 2, y: (canvas.height - frame.height * scale) / 2 };
}

export function placeBox(box: Box, fit: Fit): Box {
  return {
    x: box.x * fit.scale + fit.x,
    y: box.y * fit.scale + fit.y,
    width: box.width * fit.scale,
    height: box.height * fit.scale,
  };
}

/** The part of a box on the canvas; null if none is. */
export function clipBox(box: Box, canvas: Size): Box | null {
  const left = Math.max(0, box.x);
  const top = Math.max(0, box.y);
  const right = Math.min(canvas.width, box.x + box.width);
  const bottom = Math.min(canvas.height, box.y + box.height);
  return right > left && bottom > top ? { x: left, y: top, width: right - left, height: bottom - top } : null;
}
