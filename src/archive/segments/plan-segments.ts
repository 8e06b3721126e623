import { FerError } from '../../errors/fer-error.js';
import { ShotContinuity } from '../../ingest/face/track/scene-cut.js';
import type { Input } from '../../ingest/sources/frame-source.js';
import { openVideo } from '../../ingest/sources/open-source.js';
import type { OpenedVideo } from '../../ingest/sources/open-source.js';
import { probeVideo } from '../../ingest/probe/probe-video.js';
import type { VideoProbe } from '../../ingest/probe/probe-video.js';
import type { ClipContext } from '../../model/expression-model.js';
import type { AnnotateSettings } from '../../stream/pipeline/pipeline-settings.js';
import { SMOOTHING_REACH } from '../../stream/pipeline/posterior-smoother.js';
import type { Segment } from '../queue/archive-job.js';

/** Footage is divided when it is longer than this many segments. */
const WORTH_DIVIDING = 1.5;
/** Seconds analysed before a segment, so that the face follower and the averages are as they would be in one run. */
const LEAD_IN = 10;
/** Seconds after it: what recorded footage waits for before a result is final (look-ahead 1 s, undecided ids 0.8 s). Smoothing comes on top. */
const TAIL = 2.5;
/** Seconds before the reach of smoothing, in which the face follower settles. */
const SETTLING = 5;
/** Seconds around a border in which to look for a cut. */
const CUT_SEARCH = 30;
/** A segment shorter than this is not halved. Seconds. */
const SHORTEST_HALF = 20;

/** Conditions for dividing. */
export interface DivideOptions {
  readonly settings: Pick<AnnotateSettings, 'start' | 'end' | 'fps' | 'width' | 'prior' | 'smoothing'>;
  readonly context: ClipContext;
  /** Seconds. */
  readonly segmentSeconds: number;
  /** Whether to divide however short it is. */
  readonly always?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Segments of an input, or null if it must be annotated in one piece: it is short, cannot be entered in the middle, or its results
 * depend on all of it (`prior: auto`). Borders are at cuts if any are near: there only ids carry over.
 */
export async function planSegments(input: Input, options: DivideOptions): Promise<Segment[] | null> {
  if ((input.kind !== 'file' && input.kind !== 'url') || options.settings.prior === 'auto') return null;
  const probe = await probeVideo(input.kind, input.path, input.name);
  const range = rangeOf(probe, options);
  if (range === null) return null;
  // Once for all borders: of some containers every key frame is looked at.
  const video = await openVideo(input.kind, input.path, input.name);
  const count = Math.max(
    options.always === true ? 2 : 1,
    Math.ceil((range.end - range.start) / options.segmentSeconds),
  );
  const length = (range.end - range.start) / count;
  const borders: number[] = [];
  for (let k = 1; k < count; k += 1) {
    const nominal = range.start + k * length;
    const cut = await nearestCut(video, nominal, Math.min(CUT_SEARCH, length / 4), options);
    borders.push(cut ?? betweenFrames(probe, nominal));
  }
  return segmentsBetween(borders, (border) => around(border, probe, options));
}

/** Both halves of a segment; null when it is too short. */
export async function halveSegment(
  input: Input,
  segment: Segment,
  { context, settings }: Pick<DivideOptions, 'context' | 'settings'>,
): Promise<Segment[] | null> {
  const probe = await probeVideo(input.kind === 'url' ? 'url' : 'file', input.path, input.name);
  const start = segment.start ?? settings.start ?? probe.startTime ?? 0;
  const end = segment.end ?? Math.min(settings.end ?? Infinity, (probe.startTime ?? 0) + (probe.duration ?? 0));
  if (end - start < 2 * SHORTEST_HALF) return null;
  const middle = betweenFrames(probe, (start + end) / 2);
  const { from, until } = around(middle, probe, { context, settings });
  return [
    { ...segment, index: `${segment.index}a`, end: middle, until },
    { ...segment, index: `${segment.index}b`, from, start: middle },
  ];
}

function rangeOf(
  probe: VideoProbe,
  { settings, segmentSeconds, always = false }: DivideOptions,
): { start: number; end: number } | null {
  const { startTime, duration } = probe;
  if (!probe.seekable || !probe.timed || duration === null) return null;
  const start = Math.max(settings.start ?? -Infinity, startTime ?? 0);
  const end = Math.min(settings.end ?? Infinity, (startTime ?? 0) + duration);
  const least = always ? 2 * SHORTEST_HALF : WORTH_DIVIDING * segmentSeconds;
  return end - start > least ? { start, end } : null;
}

function segmentsBetween(
  borders: readonly number[],
  about: (border: number) => { from: number; until: number },
): Segment[] {
  const edges = [null, ...borders, null];
  return edges.slice(1).map((end, i): Segment => {
    const start = edges[i] ?? null;
    return {
      index: String(i),
      from: start === null ? null : about(start).from,
      start,
      end,
      until: end === null ? null : about(end).until,
    };
  });
}

/**
 * Where decoding starts for the segment after a border, and stops for the one before it. The clip window classifies `hop` frames at a time:
 * starting at a multiple of it, counted from the beginning, it takes the same frames together as one run does.
 */
function around(
  border: number,
  probe: VideoProbe,
  { context, settings }: Pick<DivideOptions, 'context' | 'settings'>,
): { from: number; until: number } {
  const rate = settings.fps ?? probe.frameRate ?? 25;
  const reach = SMOOTHING_REACH * settings.smoothing;
  const leadIn = Math.max(LEAD_IN, SETTLING + reach);
  const until = toMicroseconds(
    Math.min(border + TAIL + reach + (context.hop + context.future) / rate, settings.end ?? Infinity),
  );
  const beginning = firstFrame(probe, settings.start);
  if (settings.fps !== null || probe.frameRate === null) return { from: Math.max(beginning, border - leadIn), until };
  const { frameRate } = probe;
  const first = Math.max(0, Math.floor(((border - leadIn - beginning) * frameRate) / context.hop) * context.hop);
  const from = Math.max(beginning + (first - 0.5) / frameRate, settings.start ?? -Infinity);
  return { from: toMicroseconds(from), until };
}

function firstFrame({ startTime, frameRate }: VideoProbe, start: number | null): number {
  const beginning = startTime ?? 0;
  if (start === null || start <= beginning) return beginning;
  return frameRate === null ? start : beginning + Math.ceil((start - beginning) * frameRate - 1e-6) / frameRate;
}

/** A time at which no frame is shown, where the frame rate is even. */
function betweenFrames({ frameRate, startTime }: VideoProbe, time: number): number {
  if (frameRate === null) return toMicroseconds(time);
  const beginning = startTime ?? 0;
  return toMicroseconds(beginning + (Math.round((time - beginning) * frameRate) - 0.5) / frameRate);
}

/** The cut nearest to a time, as the face follower sees cuts: a time between its two frames; null without, or where no frames are near. */
async function nearestCut(
  video: OpenedVideo,
  time: number,
  reach: number,
  options: DivideOptions,
): Promise<number | null> {
  try {
    return await findCut(video, time, reach, options);
  } catch (error) {
    if (error instanceof FerError && error.code === 'INPUT_OUT_OF_RANGE') return null;
    throw error;
  }
}

async function findCut(
  video: OpenedVideo,
  time: number,
  reach: number,
  { settings, signal }: DivideOptions,
): Promise<number | null> {
  const { fps, width } = settings;
  const source = video.part({ fps, width, start: time - reach, end: time + reach });
  const continuity = new ShotContinuity();
  let previous: number | null = null;
  let best: number | null = null;
  for await (const frame of source.frames(signal)) {
    const change = continuity.next(frame);
    if (change === 'cut' && previous !== null) {
      const border = toMicroseconds((previous + frame.timestamp) / 2);
      if (best === null || Math.abs(border - time) < Math.abs(best - time)) best = border;
      else break; // later ones are farther off
    }
    previous = frame.timestamp;
  }
  return best;
}

function toMicroseconds(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}
