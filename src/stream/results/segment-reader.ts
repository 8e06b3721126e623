import type { FrameResult } from '../pipeline/frame-result.js';
import { ExpressionSegments } from './expression-segments.js';
import type { Segment } from './expression-segments.js';
import { FrameIntervals, loneFrameSeconds } from './frame-interval.js';
import type { TimedFrame } from './frame-interval.js';
import { textFormat } from './output-format.js';
import type { OutputContext, OutputFormat } from './output-format.js';
import type { RunMetadata } from './annotation-schema.js';

/** The segments of a recording; of an image folder, each face of each image is one, with the name of the file. */
export class SegmentReader {
  private readonly intervals: FrameIntervals;
  private readonly expressions: ExpressionSegments | null;
  /** Seconds: end of the last frame; complete after `end`. */
  endTime = 0;

  constructor(run: Pick<RunMetadata, 'input' | 'settings'>) {
    this.intervals = new FrameIntervals(loneFrameSeconds(run));
    this.expressions = run.input.kind === 'images' ? null : new ExpressionSegments();
  }

  /** The segments that have become final. */
  push(result: FrameResult): Segment[] {
    const images = this.take(this.intervals.push(result));
    return this.expressions?.push(result) ?? images;
  }

  /** All remaining segments. */
  end(): Segment[] {
    const images = this.take(this.intervals.end());
    return this.expressions?.end() ?? images;
  }

  private take(frame: TimedFrame | null): Segment[] {
    if (frame === null) return [];
    this.endTime = frame.end;
    return this.expressions === null ? imageSegments(frame) : [];
  }
}

function imageSegments({ result, start, end }: TimedFrame): Segment[] {
  const { file = '', problem } = result;
  if (problem !== undefined) {
    return [{ trackId: 0, label: '', probability: 0, peak: 0, trust: 'unusable', start, end, file, problem }];
  }
  return result.faces.map(({ trackId, name, label, probabilities, trust }) => {
    const probability = probabilities[label] ?? 0;
    const named = name === undefined ? {} : { name };
    return { trackId, ...named, label, probability, peak: probability, trust, start, end, file };
  });
}

/** "Anna", or "Face 1" without a name. */
export function faceName({ name, trackId }: Pick<Segment, 'name' | 'trackId'>): string {
  return name ?? `Face ${trackId}`;
}

/** The segments of each face, faces by ascending id; 0 holds unreadable images. */
export function byFace(segments: readonly Segment[]): (readonly [trackId: number, segments: Segment[]])[] {
  const faces = new Map<number, Segment[]>();
  for (const segment of segments) {
    const own = faces.get(segment.trackId);
    if (own === undefined) faces.set(segment.trackId, [segment]);
    else own.push(segment);
  }
  return [...faces].sort(([a], [b]) => a - b);
}

/**
 * A text format that is written when all segments are known.
 * @param text of the segments of a recording that ends at `endTime` seconds, written to `path`
 */
export function segmentsText(
  description: Pick<OutputFormat, 'name' | 'ending' | 'summary'>,
  text: (
    segments: readonly Segment[],
    recording: { metadata: RunMetadata; path: string; context: OutputContext; endTime: number },
  ) => string,
): OutputFormat {
  return textFormat(description, (metadata, path, context) => {
    const reader = new SegmentReader(metadata);
    const all: Segment[] = [];
    return {
      frame(result) {
        all.push(...reader.push(result));
        return '';
      },
      end() {
        all.push(...reader.end());
        return text(all, { metadata, path, context, endTime: reader.endTime });
      },
    };
  });
}
