import type { PixelImage } from './pixel.js';
import { blankLike, clamp } from './pixel.js';

/** For every pixel: where it comes from, as an offset in pixels. Both [height, width], row by row. */
export interface Displacement {
  readonly right: Float32Array;
  readonly down: Float32Array;
}

/** The picture with every pixel taken from (x + share * right, y + share * down). Bilinear; beyond the picture its edge is repeated. */
export function displace(image: PixelImage, { right, down }: Displacement, share = 1): PixelImage {
  const { data, height, width, channels } = image;
  const moved = blankLike(image);
  const [lastX, lastY, stride] = [width - 1, height - 1, width * channels];
  let target = 0;
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      const fromX = clamp(x + share * right[i]!, lastX);
      const fromY = clamp(y + share * down[i]!, lastY);
      const [left, top] = [fromX | 0, fromY | 0];
      const [shareX, shareY] = [fromX - left, fromY - top];
      const next = left < lastX ? channels : 0;
      const below = top < lastY ? stride : 0;
      for (let c = 0; c < channels; c += 1, target += 1) {
        const at = top * stride + left * channels + c;
        const upper = data[at]! + (data[at + next]! - data[at]!) * shareX;
        const lower = data[at + below]! + (data[at + below + next]! - data[at + below]!) * shareX;
        moved.data[target] = upper + (lower - upper) * shareY;
      }
    }
  }
  return moved;
}
