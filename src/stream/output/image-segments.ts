import type { FrameResult } from '../pipeline/frame-result.js';
import { FrameIntervals } from './frame-interval.js';
import type { TimedFrame } from './frame-interval.js';
import type { Segment } from './expression-segments.js';

/** Of an image folder: each image is a shot of its own, so each face in it is a segment. */
export class ImageSegments {
  private readonly intervals = new FrameIntervals();

  push(result: FrameResult): Segment[] {
    return segmentsOf(this.intervals.push(result));
  }

  end(): Segment[] {
    return segmentsOf(this.intervals.end());
  }
}

function segmentsOf(frame: TimedFrame | null): Segment[] {
  if (frame === null) return [];
  const { result, start, end } = frame;
  const { file = '', problem } = result;
  if (problem !== undefined) return [{ trackId: 0, label: '', probability: 0, start, end, file, problem }];
  return result.faces.map(({ trackId, label, probabilities }) => ({
    trackId,
    label,
    probability: probabilities[label] ?? 0,
    start,
    end,
    file,
  }));
}
