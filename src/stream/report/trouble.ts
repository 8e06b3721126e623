import type { FaceResult, FrameStatus } from '../pipeline/frame-result.js';
import type { TimedFrame } from '../results/frame-interval.js';

/** A stretch, or an image of a folder, of which the results say little or nothing. */
export interface Trouble {
  /** Seconds. */
  readonly start: number;
  readonly end: number;
  /** Null: the whole frame. */
  readonly trackId: number | null;
  readonly name?: string;
  /** Such as "blurred", or "no face"; several with the most time first. */
  readonly what: string;
  /** The image, of an image folder. */
  readonly file?: string;
}

/** Seconds: shorter stretches are not listed; shorter gaps do not end one. */
const LEAST = 0.2;
const GAP = 0.25;
/** No face for less than this is not worth a line. */
const LEAST_EMPTY = 1;
/** Share of a stretch's time from which a reason is named. */
const NAMED = 0.2;

const FRAME_REASONS: Readonly<Record<FrameStatus, string | null>> = {
  ok: null,
  'no-face': 'no face',
  degraded: 'faces only guessed between frames',
  unreadable: 'unreadable',
};

interface OpenTrouble {
  readonly start: number;
  end: number;
  readonly reasons: Map<string, number>;
  name: string | undefined;
  readonly file: string | undefined;
}

/** Finds the stretches in which a face is unusable, or the whole frame is without a face, degraded or unreadable. Each image of a folder stands alone. */
export class TroubleFinder {
  /** By face id; 0 is the frame. */
  private readonly open = new Map<number, OpenTrouble>();
  private readonly found: Trouble[] = [];

  constructor(private readonly reasonOf: (face: FaceResult) => string | null) {}

  push({ result, start, end }: TimedFrame): void {
    const { file } = result;
    for (const [id, trouble] of this.open) {
      if (file !== undefined || start - trouble.end > GAP) this.close(id, trouble);
    }
    const ofFrame = FRAME_REASONS[result.status];
    if (ofFrame !== null) this.extend(0, ofFrame, { start, end, file });
    else this.closeNow(0);
    for (const face of result.faces) {
      const reason = face.trust === 'unusable' ? (this.reasonOf(face) ?? 'low quality') : null;
      if (reason !== null) this.extend(face.trackId, reason, { start, end, file }, face.name);
    }
  }

  /** All stretches by start. */
  end(): Trouble[] {
    for (const [id, trouble] of this.open) this.close(id, trouble);
    return this.found.sort((a, b) => a.start - b.start || (a.trackId ?? 0) - (b.trackId ?? 0));
  }

  private extend(
    id: number,
    reason: string,
    { start, end, file }: Pick<OpenTrouble, 'start' | 'end' | 'file'>,
    name?: string,
  ): void {
    let trouble = this.open.get(id);
    if (trouble === undefined) {
      trouble = { start, end, reasons: new Map(), name, file };
      this.open.set(id, trouble);
    }
    trouble.end = end;
    trouble.reasons.set(reason, (trouble.reasons.get(reason) ?? 0) + end - start);
  }

  private closeNow(id: number): void {
    const trouble = this.open.get(id);
    if (trouble !== undefined) this.close(id, trouble);
  }

  private close(id: number, { start, end, reasons, name, file }: OpenTrouble): void {
    this.open.delete(id);
    const total = [...reasons.values()].reduce((sum, seconds) => sum + seconds, 0);
    const sorted = [...reasons].sort((a, b) => b[1] - a[1]);
    const least = sorted[0]?.[0] === 'no face' ? LEAST_EMPTY : LEAST;
    if (file === undefined && end - start < least) return;
    const what = sorted.filter(([, seconds], i) => i === 0 || seconds >= NAMED * total).map(([reason]) => reason);
    this.found.push({
      start,
      end,
      trackId: id === 0 ? null : id,
      ...(name === undefined ? {} : { name }),
      what: what.join(', '),
      ...(file === undefined ? {} : { file }),
    });
  }
}
