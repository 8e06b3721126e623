import { parseStepLine } from './continuous-time.js';
import { sizeFromLog } from './picture-filters.js';
import type { PictureSize } from './picture-filters.js';
import type { TimeStep } from './continuous-time.js';

/** How many of the last lines are kept to explain a failure. */
const KEPT_LINES = 20;

/**
 * Lines ffmpeg prints at level "error" about footage that is whole: its own bookkeeping, or another stream than the video.
 */
const HARMLESS = [
  /non monoton/i,
  /Queue input is backward in time/,
  /deprecated pixel format/,
  /Conversion failed!/,
  /Error while filtering: (Broken pipe|Immediate exit)/,
  /av_interleaved_write_frame\(\): Broken pipe/,
  /Error (writing trailer|closing file|muxing a packet|submitting a packet to the muxer).*(Broken pipe|Immediate exit)/,
];

const TIMED_OUT = /timed out|ETIMEDOUT/i;

/** What ffmpeg prints on stderr at `-loglevel repeat+error`, counted: its exit code is 0 for most kinds of damage. */
export class DecodeLog {
  private readonly lines: string[] = [];
  private counted = 0;
  private silent = false;
  /** Sizes of the decoded pictures, each once, in the order in which they came up. */
  readonly pictureSizes: PictureSize[] = [];
  private readonly stepNumbers: number[] = [];

  add(line: string): void {
    const text = line.trim();
    if (text === '') return;
    const number = parseStepLine(text);
    if (number !== null) {
      const size = sizeFromLog(number);
      if (size === null) this.stepNumbers.push(number);
      else if (!this.pictureSizes.some(({ width, height }) => width === size.width && height === size.height))
        this.pictureSizes.push(size);
      return;
    }
    this.lines.push(text);
    if (this.lines.length > KEPT_LINES) this.lines.shift();
    if (TIMED_OUT.test(text)) this.silent = true;
    if (!HARMLESS.some((pattern) => pattern.test(text))) this.counted++;
  }

  /** Resets the count; the lines are kept. */
  forgetErrors(): void {
    this.counted = 0;
  }

  /** Lines about damaged or missing data. */
  get errors(): number {
    return this.counted;
  }

  /** Where the container's time stepped back. */
  get stepsBack(): TimeStep[] {
    return this.stepNumbers.flatMap((at, i, all) =>
      i % 2 === 0 && i + 1 < all.length ? [{ at, size: all[i + 1]! }] : [],
    );
  }

  /** A network peer went silent for longer than it may. */
  get timedOut(): boolean {
    return this.silent;
  }

  /** The last lines, oldest first, without the addresses ffmpeg puts before them. */
  get tail(): readonly string[] {
    return this.lines.map(withoutAddress);
  }
}

/** "[mov,mp4 @ 0x55d0c] moov atom not found" -> "[mov,mp4] moov atom not found" */
function withoutAddress(line: string): string {
  return line.replace(/ @ 0x[0-9a-f]+\]/g, ']');
}
