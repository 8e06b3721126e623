/** Frames that a temporal network sees at once; attention grows with their square. */
const MOST_AT_ONCE = 512;
/** Of a longer clip: frames answered at a time, and frames of context on either side of them. */
const STRETCH = 256;
const MARGIN = 128;

/** Frames first..last-1 are seen, from..to-1 of them answered. */
export interface Stretch {
  readonly first: number;
  readonly last: number;
  readonly from: number;
  readonly to: number;
}

/** How a whole clip goes through a temporal network: at once, or where it has more than 512 frames in stretches of 256 with 128 around them. */
export function stretchesOf(length: number): readonly Stretch[] {
  const stretch = length <= MOST_AT_ONCE ? length : STRETCH;
  const stretches: Stretch[] = [];
  for (let from = 0; from < length; from += stretch) {
    const to = Math.min(length, from + stretch);
    stretches.push({ first: Math.max(0, from - MARGIN), last: Math.min(length, to + MARGIN), from, to });
  }
  return stretches;
}
