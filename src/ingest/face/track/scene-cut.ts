import type { Frame } from '../../frame.js';
import { isYuv, luma601 } from '../../frame.js';

/** A gap this many times as long as usual, and at least LEAST_GAP seconds long, counts as a cut. */
const LONG_GAP = 2.5;
const LEAST_GAP = 1;
/** Recent frame intervals that define the usual one. */
const INTERVALS = 7;

/** Whether a frame continues the shot: surely, perhaps (much has changed), or not at all. */
type ShotChange = 'none' | 'possible' | 'cut';

/** Decides, frame by frame, whether positions in the last frame are valid for this one. */
export class ShotContinuity {
  private readonly cuts = new SceneCuts();
  private last: Pick<Frame, 'timestamp' | 'width' | 'height'> | null = null;
  private intervals: number[] = [];

  /** The usual time between frames in seconds (a median); 0 before the second frame. */
  get interval(): number {
    return [...this.intervals].sort((a, b) => a - b)[this.intervals.length >> 1] ?? 0;
  }

  /** Brightness of the last frame's cells, as `lumaSignature` gives it. */
  get brightness(): Float32Array {
    return this.cuts.signature!;
  }

  /** Takes the next frame; frames have to come in order. */
  next(frame: Frame): ShotChange {
    const { last } = this;
    const { timestamp, width, height } = frame;
    this.last = { timestamp, width, height };
    const change = this.cuts.compare(frame);
    if (last === null) return 'cut';
    const elapsed = timestamp - last.timestamp;
    if (elapsed > 0) this.intervals = [...this.intervals.slice(1 - INTERVALS), elapsed];
    const isGap = elapsed < 0 || elapsed > Math.max(LEAST_GAP, LONG_GAP * this.interval);
    return isGap || last.width !== width || last.height !== height ? 'cut' : change;
  }
}

/** Cells of the grid on which pictures are compared. */
export const COLUMNS = 32;
export const ROWS = 24;
/** Frame pixels sampled for one cell, along each axis. */
const SAMPLES = 3;
/** Least mean change per cell, as a share of the value range, for a cut. */
const LEAST_CHANGE = 0.09;
/** A cut changes the picture this many times as much as recent motion did. */
const OUTSTANDING = 3;
/** Seconds over which the usual change is averaged. */
const MEMORY = 0.5;

/** Detects cuts between shots. */
export class SceneCuts {
  private last: { readonly signature: Float32Array; readonly time: number } | null = null;
  private usualChange = 0;

  /** Brightness of the last frame. [24 * 32] */
  get signature(): Float32Array | null {
    return this.last?.signature ?? null;
  }

  /**
   * Whether this frame starts a new shot. Much change is possibly a cut where no more than usual. Feed frames in order.
   */
  compare(frame: Frame): 'none' | 'possible' | 'cut' {
    const signature = lumaSignature(frame);
    const previous = this.last;
    this.last = { signature, time: frame.timestamp };
    if (previous === null) return 'none';
    const change = meanChange(previous.signature, signature);
    const outstanding = change > OUTSTANDING * this.usualChange;
    const share = 1 - Math.exp(-Math.max(0, frame.timestamp - previous.time) / MEMORY);
    this.usualChange += share * (change - this.usualChange);
    if (change <= LEAST_CHANGE) return 'none';
    return outstanding ? 'cut' : 'possible';
  }
}

/** Brightness of a coarse grid of cells, 0..1: Rec. 601 luma of RGB, or the footage's own. [24 * 32] */
export function lumaSignature(frame: Frame): Float32Array {
  const { data, width, height } = frame;
  const luma = isYuv(frame) ? frame.yuv : null;
  const signature = new Float32Array(ROWS * COLUMNS);
  const scale = 1 / (255 * SAMPLES * SAMPLES);
  const xs = centres(COLUMNS, width);
  const ys = centres(ROWS, height);
  for (let i = 0; i < signature.length; i++) {
    const row = Math.floor(i / COLUMNS) * SAMPLES;
    const column = (i % COLUMNS) * SAMPLES;
    let sum = 0;
    for (let s = row; s < row + SAMPLES; s++) {
      for (let t = column; t < column + SAMPLES; t++) {
        const at = ys[s]! * width + xs[t]!;
        sum +=
          luma === null
            ? luma601(data[3 * at]!, data[3 * at + 1]!, data[3 * at + 2]!)
            : (data[at]! - luma.black) * luma.luma;
      }
    }
    signature[i] = sum * scale;
  }
  return signature;
}

/** Pixels that are sampled along an axis. */
function centres(cells: number, length: number): Int32Array {
  return Int32Array.from({ length: cells * SAMPLES }, (_, i) => Math.floor(((i + 0.5) * length) / (cells * SAMPLES)));
}

/**
 * How much two pictures differ beyond an even change of brightness (a flash, a fade), 0..1. Small motion changes few
 * cells, a cut changes most of them.
 */
function meanChange(a: Float32Array, b: Float32Array): number {
  let meanA = 0;
  let meanB = 0;
  for (let i = 0; i < a.length; i++) {
    meanA += a[i]!;
    meanB += b[i]!;
  }
  const shift = (meanB - meanA) / a.length;
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(b[i]! - a[i]! - shift);
  return sum / a.length + Math.abs(shift) / 4;
}
