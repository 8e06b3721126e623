/** Bins at most; twice as many seconds per bin whenever they would become more. 2 hours have 7200 of one second. */
export const MAX_BINS = 8192;
/** Seconds of a bin at first: less than a frame. */
const FIRST_WIDTH = 1 / 32;

/** Sums of a bin, weighted by seconds. */
export interface BinValues {
  /** By label, in the model's order. */
  readonly probabilities: readonly number[];
  readonly ambiguity: number;
  readonly trust: 'sure' | 'unsure' | 'unusable';
}

/** Width of all bins of a recording: bins of all faces are aligned. */
export class BinClock {
  width = FIRST_WIDTH;
  private readonly timelines: BinnedTimeline[] = [];

  /** @param start seconds of the first frame */
  constructor(readonly start: number) {}

  timeline(labels: number): BinnedTimeline {
    const timeline = new BinnedTimeline(this, labels);
    this.timelines.push(timeline);
    return timeline;
  }

  /** Makes room for this time. */
  reach(time: number): void {
    while ((time - this.start) / this.width > MAX_BINS) {
      this.width *= 2;
      for (const timeline of this.timelines) timeline.halve();
    }
  }
}

/**
 * Time averages of a face in bins of equal width, in constant memory. A frame counts in every bin it was shown in, for as long as it was
 * shown there, so that bins narrower than a frame have no gaps.
 */
export class BinnedTimeline {
  /** Index of the first stored bin. */
  private first = 0;
  /** Per bin: seconds, sure seconds, unusable seconds, ambiguity, one per label. */
  private bins: Float64Array[] = [];
  private readonly fields: number;

  constructor(
    private readonly clock: BinClock,
    labels: number,
  ) {
    this.fields = 4 + labels;
  }

  add(start: number, end: number, values: BinValues): void {
    this.clock.reach(end);
    const { width, start: origin } = this.clock;
    const [from, to] = [(start - origin) / width, (end - origin) / width];
    for (let bin = Math.floor(from); bin < to; bin++) {
      const seconds = (Math.min(to, bin + 1) - Math.max(from, bin)) * width;
      if (seconds <= 0) continue;
      const sums = this.at(bin);
      sums[0]! += seconds;
      if (values.trust === 'sure') sums[1]! += seconds;
      if (values.trust === 'unusable') sums[2]! += seconds;
      sums[3]! += values.ambiguity * seconds;
      for (const [k, probability] of values.probabilities.entries()) sums[4 + k]! += probability * seconds;
    }
  }

  /** Merges bins 2k and 2k + 1. Called by the clock. */
  halve(): void {
    const first = Math.floor(this.first / 2);
    const merged: Float64Array[] = [];
    for (const [i, sums] of this.bins.entries()) {
      const target = Math.floor((this.first + i) / 2) - first;
      const into = (merged[target] ??= new Float64Array(this.fields));
      for (const [k, value] of sums.entries()) into[k]! += value;
    }
    this.first = first;
    this.bins = merged;
  }

  /**
   * Bytes, one row per bin: seconds over the width, sure and unusable share of them, mean ambiguity, mean posteriors; each times 255.
   * @returns `first` index of the first bin; `rows` [bins, 4 + labels]
   */
  encode(): { readonly first: number; readonly rows: Uint8Array } {
    const rows = new Uint8Array(this.bins.length * this.fields);
    for (const [i, sums] of this.bins.entries()) {
      const seconds = sums[0]!;
      if (seconds === 0) continue;
      rows[i * this.fields] = Math.max(1, byte(seconds / this.clock.width));
      for (let k = 1; k < this.fields; k++) rows[i * this.fields + k] = byte(sums[k]! / seconds);
    }
    return { first: this.first, rows };
  }

  private at(bin: number): Float64Array {
    if (this.bins.length === 0) this.first = bin;
    // Faces come in order of time; only rounding can lead back by a bin.
    const place = Math.max(0, bin - this.first);
    while (this.bins.length <= place) this.bins.push(new Float64Array(this.fields));
    return this.bins[place]!;
  }
}

function byte(share: number): number {
  return Math.round(255 * Math.min(1, Math.max(0, share)));
}
