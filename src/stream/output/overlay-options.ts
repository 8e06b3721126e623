import { CONTINUOUS_TIME } from '../../ingest/ffmpeg/continuous-time.js';
import { DEINTERLACE, PACE_UNTIMED, keepFilters } from '../../ingest/ffmpeg/picture-filters.js';
import type { Size } from './canvas-fit.js';
import { OVERLAY_TAG } from './overlay-mp4.js';
import type { AudioStream, OverlaySource } from './overlay-source.js';

/** Everything the ffmpeg command depends on. Times are in seconds of the source's presentation time. */
export interface OverlayPlan {
  readonly source: OverlaySource;
  /** The part to show; null is open. */
  readonly start: number | null;
  readonly end: number | null;
  /** Display size of the source's first frame; null if the annotation scaled frames, so that only ffmpeg knows. */
  readonly size: Size | null;
  readonly script: string;
  readonly fonts: string;
  /** ffmpeg's name for the option that forbids it to add or drop frames. */
  readonly frameSync: '-fps_mode' | '-vsync';
}

/** An image folder, shown at the rate at which it was annotated. */
export interface ImageOverlayPlan {
  /** Seconds: when the first image is shown. */
  readonly first: number;
  /** Images a second. */
  readonly rate: number;
  readonly size: Size;
  readonly script: string;
  readonly fonts: string;
  readonly frameSync: '-fps_mode' | '-vsync';
}

/** Audio codecs that mp4 players expect; others become AAC. */
const MP4_SOUND: ReadonlySet<string> = new Set(['aac', 'mp3', 'ac3', 'eac3', 'alac']);

/** Decoding begins this many seconds before the part to show: reordered frames and sound can depend on data before a key frame. */
const RUN_UP = 5;

/**
 * Broadcast and camera recordings may start at any time of day; in an mp4, players would show hours of black first. Beyond this many
 * seconds the overlay begins at zero.
 */
const LONGEST_LEAD_IN = 60;

/** Finer than any container's clock. */
const TIME_BASE = '1:90000';

const PICTURE = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20', '-pix_fmt', 'yuv420p'];
const CONTAINER = [
  ...['-metadata', `comment=${OVERLAY_TAG}`],
  ...['-max_muxing_queue_size', '4096', '-movflags', '+faststart', '-f', 'mp4'],
];

/** Options for ffmpeg: before its input, and after it. */
export interface OverlayOptions {
  readonly input: string[];
  readonly output: string[];
}

export function overlayOptions(plan: OverlayPlan): OverlayOptions {
  const { source, start, end } = plan;
  const lead = source.startTime;
  const jump = start === null || !source.seekable ? lead : start - RUN_UP;
  const filters = [
    ...(source.isInterlaced ? [DEINTERLACE] : []),
    source.timed ? CONTINUOUS_TIME : PACE_UNTIMED,
    sizeFilter(plan.size),
    assFilter(plan.script, plan.fonts),
  ];
  // ffmpeg counts -t from the first picture but, for copied sound, from -ss: given both, they agree.
  const isCut = end !== null || (start !== null && start > lead);
  const cutStart = isCut ? Math.max(start ?? lead, lead) : null;
  const length = end === null || cutStart === null ? null : end - cutStart;
  return {
    // All times are the container's own, also those of -ss, here and below.
    input: [
      '-copyts',
      ...keepFilters(plan.size === null ? null : source),
      ...(jump > lead ? ['-seek_timestamp', '1', '-noaccurate_seek', '-ss', seconds(jump)] : []),
    ],
    output: [
      '-map',
      `0:${source.video}`,
      ...source.audio.flatMap(({ index }) => ['-map', `0:${index}`]),
      '-vf',
      filters.join(','),
      ...PICTURE,
      ...source.audio.flatMap(soundOptions),
      plan.frameSync,
      'passthrough',
      // The input's own clock: a nominal frame rate would round the times of variable-rate footage.
      ...(source.timed ? ['-enc_time_base', '-1'] : ['-enc_time_base', TIME_BASE]),
      // Damage is reported already; the overlay shows what can be decoded.
      '-max_error_rate',
      '1',
      ...(cutStart === null ? [] : ['-ss', seconds(cutStart)]),
      ...(length === null ? [] : ['-t', seconds(length)]),
      ...(cutStart === null && lead > LONGEST_LEAD_IN ? ['-output_ts_offset', seconds(-lead)] : []),
      ...CONTAINER,
    ],
  };
}

/** For raw RGB of `plan.size` on standard input. */
export function imageOverlayOptions(plan: ImageOverlayPlan): OverlayOptions {
  return {
    input: rawInput(plan),
    output: [
      '-vf',
      imageFilters(plan),
      ...PICTURE,
      plan.frameSync,
      'passthrough',
      '-enc_time_base',
      TIME_BASE,
      ...CONTAINER,
    ],
  };
}

/** The same for one picture, as a JPEG. */
export function stillOverlayOptions(plan: ImageOverlayPlan): OverlayOptions {
  const jpeg = ['-frames:v', '1', '-c:v', 'mjpeg', '-q:v', '2', '-pix_fmt', 'yuvj444p', '-f', 'image2', '-update', '1'];
  return { input: rawInput(plan), output: ['-vf', imageFilters(plan), ...jpeg] };
}

function rawInput({ size }: ImageOverlayPlan): string[] {
  const { width, height } = size;
  const format = ['-f', 'rawvideo', '-pixel_format', 'rgb24', '-video_size', `${width}x${height}`];
  return [...format, '-framerate', '25'];
}

function imageFilters({ first, rate, script, fonts }: ImageOverlayPlan): string {
  return [`settb=1/1000000,setpts=(${seconds(first)}+N/${rate})/TB`, assFilter(script, fonts)].join(',');
}

function soundOptions({ codec }: AudioStream, position: number): string[] {
  return MP4_SOUND.has(codec) ? [`-c:a:${position}`, 'copy'] : [`-c:a:${position}`, 'aac', `-b:a:${position}`, '160k'];
}

/** yuv420p needs even sides. Later frames of another shape are fitted with bars, as they were for the annotation. */
function sizeFilter(size: Size | null): string {
  if (size === null) return "scale=w='trunc(iw*sar/2)*2':h='trunc(ih/2)*2',setsar=1";
  const width = evenDown(size.width);
  const height = evenDown(size.height);
  const same = `lt(abs(iw*sar/ih/${size.width / size.height}-1),0.02)`;
  const factor = `min(${width}/(iw*sar),${height}/ih)`;
  return (
    `scale=w='if(${same},${width},max(1,round(iw*sar*${factor})))':h='if(${same},${height},max(1,round(ih*${factor})))':eval=frame,` +
    `pad=${width}:${height}:(ow-iw)/2:(oh-ih)/2:eval=frame,setsar=1`
  );
}

function evenDown(value: number): number {
  return Math.max(2, 2 * Math.floor(value / 2));
}

function assFilter(script: string, fonts: string): string {
  return `ass=filename=${filterPath(script)}:fontsdir=${filterPath(fonts)}`;
}

/** Without an exponent, exact to the microsecond. */
function seconds(value: number): string {
  return value.toFixed(6);
}

/**
 * A file path as the value of a filter option. ffmpeg parses it twice, as part of the chain and then of the filter's options, so it is
 * escaped twice, inside out.
 * https://ffmpeg.org/ffmpeg-filters.html#Notes-on-filtergraph-escaping
 */
function filterPath(path: string): string {
  // ffmpeg understands forward slashes on Windows, and they need no escape.
  const slashes = process.platform === 'win32' ? path.replaceAll('\\', '/') : path;
  const option = slashes.replace(/[\\':]/g, '\\$&');
  return option.replace(/[\\'[\],;]/g, '\\$&');
}
