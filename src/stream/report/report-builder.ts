import type { Box } from '../../ingest/face/align/geometry.js';
import type { FaceResult, FrameResult } from '../pipeline/frame-result.js';
import { unusableReason } from '../pipeline/trust.js';
import type { Segment } from '../results/expression-segments.js';
import { FrameIntervals, loneFrameSeconds } from '../results/frame-interval.js';
import type { TimedFrame } from '../results/frame-interval.js';
import type { RunMetadata, RunOutcome } from '../results/annotation-schema.js';
import { SegmentReader } from '../results/segment-reader.js';
import { SummaryBuilder } from '../results/summary-builder.js';
import type { FaceSummary, Summary } from '../results/summary-builder.js';
import { BinClock } from './binned-timeline.js';
import type { BinnedTimeline } from './binned-timeline.js';
import { TroubleFinder } from './trouble.js';
import type { Trouble } from './trouble.js';

/** Seconds between two segments of a face across which it still changes from one expression to the other. */
const TRANSITION_GAP = 0.5;

/** The frame in which a face is seen best. */
export interface BestView {
  /** Of an image folder. */
  readonly file?: string;
  /** Seconds. */
  readonly timestamp: number;
  readonly box: Box;
  /** Size of the frame that `box` is in. */
  readonly frame: { readonly width: number; readonly height: number };
  /** Degrees by which the face leans, clockwise. */
  readonly roll: number;
  readonly score: number;
}

/** One face over the recording. */
export interface ReportFace {
  readonly summary: FaceSummary;
  /** Index of the first bin, and [bins, 4 + labels] as in `BinnedTimeline.encode`. */
  readonly first: number;
  readonly rows: Uint8Array;
  readonly segments: readonly Segment[];
  /** How often one expression followed another in usable footage, by "from" and "to". */
  readonly transitions: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly best: BestView;
}

/** One image of a folder. */
export interface ReportImage {
  readonly index: number;
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly problem?: string;
  readonly faces: readonly Pick<FaceResult, 'trackId' | 'name' | 'box' | 'label' | 'probabilities' | 'trust'>[];
}

/** All a report shows of one input. */
export interface ReportContent {
  readonly summary: Summary;
  /** Seconds: of the first frame, and the end of the last. */
  readonly start: number;
  readonly end: number;
  /** Seconds. */
  readonly binWidth: number;
  /** Those seen longest first. */
  readonly faces: readonly ReportFace[];
  readonly troubles: readonly Trouble[];
  /** First images of an image folder. */
  readonly images: readonly ReportImage[];
}

/** Images that a page shows. */
export const MOST_IMAGES = 240;

interface FaceState {
  readonly timeline: BinnedTimeline;
  readonly segments: Segment[];
  readonly transitions: Map<string, Map<string, number>>;
  best: BestView;
}

/** Gathers a report while results come; memory grows with faces and segments, not with frames. */
export class ReportBuilder {
  private readonly summary: SummaryBuilder;
  private readonly segments: SegmentReader;
  private readonly intervals: FrameIntervals;
  private readonly troubles: TroubleFinder;
  private readonly faces = new Map<number, FaceState>();
  private readonly images: ReportImage[] = [];
  private clock: BinClock | null = null;
  private last = 0;

  constructor(private readonly metadata: RunMetadata) {
    this.summary = new SummaryBuilder(metadata);
    this.intervals = new FrameIntervals(loneFrameSeconds(metadata));
    this.segments = new SegmentReader(metadata);
    const { minQuality } = metadata.settings;
    const least = typeof minQuality === 'number' ? minQuality : 0;
    this.troubles = new TroubleFinder((face) =>
      unusableReason({ quality: face.quality, coasted: face.evidence === 'coasted' }, least),
    );
  }

  push(result: FrameResult): void {
    this.summary.push(result);
    const frame = this.intervals.push(result);
    if (frame !== null) this.add(frame);
    this.take(this.segments.push(result));
    if (result.file !== undefined && this.images.length < MOST_IMAGES) this.images.push(imageOf(result, result.file));
  }

  end(outcome: RunOutcome): ReportContent {
    const frame = this.intervals.end();
    if (frame !== null) this.add(frame);
    this.take(this.segments.end());
    const summary = this.summary.end(outcome);
    const faces = summary.faces.flatMap((face) => {
      const state = this.faces.get(face.id);
      if (state === undefined) return [];
      const { timeline, segments, transitions, best } = state;
      return [{ summary: face, ...timeline.encode(), segments, transitions, best }];
    });
    return {
      summary,
      start: this.clock?.start ?? 0,
      end: this.last,
      binWidth: this.clock?.width ?? 1,
      faces: faces.sort((a, b) => b.summary.seconds - a.summary.seconds || a.summary.id - b.summary.id),
      troubles: this.troubles.end(),
      images: this.images,
    };
  }

  private add(frame: TimedFrame): void {
    const { result, start, end } = frame;
    this.clock ??= new BinClock(start);
    this.last = end;
    this.troubles.push(frame);
    const { labels } = this.metadata.model;
    for (const face of result.faces) {
      const view = viewOf(face, result);
      let state = this.faces.get(face.trackId);
      if (state === undefined) {
        const timeline = this.clock.timeline(labels.length);
        state = { timeline, segments: [], transitions: new Map(), best: view };
        this.faces.set(face.trackId, state);
      }
      if (view.score > state.best.score) state.best = view;
      const probabilities = labels.map((label) => face.probabilities[label] ?? 0);
      state.timeline.add(start, end, { probabilities, ambiguity: face.ambiguity, trust: face.trust });
    }
  }

  private take(complete: readonly Segment[]): void {
    for (const segment of complete) {
      const state = this.faces.get(segment.trackId);
      if (state === undefined) continue;
      const before = state.segments.at(-1);
      state.segments.push(segment);
      if (before === undefined || segment.start - before.end > TRANSITION_GAP || before.label === segment.label)
        continue;
      if (before.trust === 'unusable' || segment.trust === 'unusable') continue;
      const from = state.transitions.get(before.label) ?? new Map<string, number>();
      state.transitions.set(before.label, from.set(segment.label, (from.get(segment.label) ?? 0) + 1));
    }
  }
}

const TRUST_SCORE = { sure: 1, unsure: 0.8, unusable: 0.3 } as const;

function viewOf({ box, quality, trust }: FaceResult, { file, timestamp, width, height }: FrameResult): BestView {
  const score = quality.overall * TRUST_SCORE[trust] * Math.min(1, 0.3 + quality.size / 100);
  return {
    ...(file === undefined ? {} : { file }),
    timestamp,
    box,
    frame: { width, height },
    roll: quality.roll,
    score,
  };
}

function imageOf({ index, width, height, problem, faces }: FrameResult, file: string): ReportImage {
  return {
    index,
    file,
    width,
    height,
    ...(problem === undefined ? {} : { problem }),
    faces: faces.map(({ trackId, name, box, label, probabilities, trust }) => ({
      trackId,
      ...(name === undefined ? {} : { name }),
      box,
      label,
      probabilities,
      trust,
    })),
  };
}
