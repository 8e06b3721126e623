import { displace } from '../../augment/displace.js';
import type { PixelImage } from '../../augment/pixel.js';
import { denseFlow } from './dense-flow.js';
import { dissolve } from './render-frame.js';

/**
 * A face on its way from one expression to another: both pictures bent toward each other along the flow between them, then mixed. Mouth and
 * brows move instead of fading, which a dissolve cannot show.
 * @param from both of one size
 * @returns the picture at a share of the way, 0 `from` and 1 `to`
 */
export function morph(from: PixelImage, to: PixelImage): (share: number) => PixelImage {
  const flow = denseFlow(from, to);
  return (share) => {
    if (share <= 0) return from;
    if (share >= 1) return to;
    return dissolve(displace(from, flow, -share), displace(to, flow, 1 - share), share);
  };
}
