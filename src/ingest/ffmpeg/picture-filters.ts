import { CONTINUOUS_TIME, TO_TRANSPORT_CLOCK } from './continuous-time.js';

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

export interface FilterSettings {
  /** Frames per second to keep; null or undefined keeps every frame. */
  readonly fps?: number | null | undefined;
  /** Seconds of presentation time: frames with start <= t < end are kept. */
  readonly start?: number | null | undefined;
  readonly end?: number | null | undefined;
  /** Pixels; null or undefined keeps the display size. */
  readonly width?: number | null | undefined;
  /** The display size of the stream's beginning in pixels, when it is known; null otherwise. */
  readonly size: PictureSize | null;
  /** Deliver planar YUV 4:2:0 of this range, if the size is even; null or undefined for RGB. */
  readonly yuv?: 'tv' | 'pc' | null | undefined;
  /** Make whole pictures of interlaced ones. */
  readonly isInterlaced?: boolean;
  /** False for a stream without presentation times (bare H.264, say), which then follow from its frame rate. */
  readonly timed: boolean;
}

/** Frames per second where the stream does not say. */
const FALLBACK_RATE = 25;
/** Half of the microsecond that presentation times are exact to: 0.04 must not miss a frame at 0.04. */
const HALF_MICROSECOND = 5e-7;
/** `trim` rounds its end to the stream's time base; it only serves to stop the decoder, so let it stop a little later. */
const STOP_LATER = 1;
/**
 * Seconds by which a frame may be early and still belong to a slot: containers round times, phones jitter. An odd number on purpose:
 * no usual pair of rates puts frames exactly on an edge, where the last bit of a floating-point number would decide.
 */
const EARLY = 0.0047;
/** But never more than this part of a slot. */
const MOST_EARLY = 0.2137;

function slotTolerance(fps: number): number {
  return Math.min(MOST_EARLY, EARLY * fps);
}

/** The ffmpeg filter chain from decoded frames to what ferstream reads: which frames, which size, which clock. */
export function pictureFilters(settings: FilterSettings): string {
  return [...timeFilters(settings), ...sizeFilters(settings, { printSize: true }), 'setsar=1', TO_TRANSPORT_CLOCK].join(
    ',',
  );
}

/**
 * The filter that gives the frames of a stream without presentation times their places: at its own rate. ffprobe and ffmpeg
 * builds disagree about such a rate; what counts is what the one that decodes makes of it.
 */
export const PACE_UNTIMED = `setpts='N/(if(isnan(FRAME_RATE),${FALLBACK_RATE},FRAME_RATE)*TB)'`;

/** One picture for each woven one, with its time; others pass unchanged. Before frames are dropped: it looks at the neighbours. */
export const DEINTERLACE = 'bwdif=mode=send_frame:deint=interlaced';

function timeFilters({ start, end, fps, timed, isInterlaced = false }: FilterSettings): string[] {
  const filters: string[] = isInterlaced ? [DEINTERLACE] : [];
  filters.push(timed ? CONTINUOUS_TIME : PACE_UNTIMED);
  if (end != null) filters.push(`trim=end=${end + STOP_LATER}`);
  const conditions: string[] = [];
  if (start != null) conditions.push(`gte(t,${start - HALF_MICROSECOND})`);
  if (end != null) conditions.push(`lt(t,${end - HALF_MICROSECOND})`);
  if (fps != null) {
    const early = slotTolerance(fps);
    conditions.push(`(isnan(prev_t)+gt(floor(t*${fps}+${early}),floor(prev_t*${fps}+${early})))`);
  }
  if (conditions.length > 0) filters.push(`select='${conditions.join('*')}'`);
  return filters;
}

/**
 * `fps` cuts time into slots of 1/fps; the first frame in a slot is kept, with its own time. A frame is judged by itself
 * and the one before it alone, so a range of a recording keeps the same frames as the whole recording does.
 * @param time seconds of presentation time
 */
export function slotOf(time: number, fps: number): number {
  return Math.floor(time * fps + slotTolerance(fps));
}

/** Pixels. Larger pictures are decoded shrunk to this longest side: one of 8192x8192 alone would be 200 MB. */
export const LONGEST_SIDE = 4096;

/** The size at which a picture is worked on: its own, or the one within LONGEST_SIDE. */
export function workingSize({ width, height }: PictureSize): PictureSize {
  const factor = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  if (factor === 1) return { width, height };
  return { width: Math.max(1, Math.round(width * factor)), height: Math.max(1, Math.round(height * factor)) };
}

/** Aspect ratios closer than this are the same picture, up to rounding to whole and even pixels. */
export const SAME_SHAPE = 0.02;

/** `print` of ffmpeg's expressions writes plain numbers: those beyond this one are picture sizes. */
const SIZE_MARK = 1e15;
const SIZE_BASE = 1e6;
/** Prints the size of the pictures that come in, also when it changes in mid-stream. */
const PRINT_SIZE = `print(${SIZE_MARK}+round(iw*sar)*${SIZE_BASE}+ih,16);`;

/** The picture size that `sizeFilters` printed as this number; null for any other number. */
export function sizeFromLog(number: number): PictureSize | null {
  if (number < SIZE_MARK) return null;
  const size = number - SIZE_MARK;
  return { width: Math.floor(size / SIZE_BASE), height: size % SIZE_BASE };
}

/**
 * ffmpeg's input option for a stream whose picture size may change: the filters stay, and with them the clock that `CONTINUOUS_TIME` keeps.
 * Filters after it need `eval=frame`. Not for rotated and interlaced footage: those filters need to be new for a new size.
 */
export function keepFilters(probe: { readonly isRotated: boolean; readonly isInterlaced: boolean } | null): string[] {
  return probe === null || probe.isRotated || probe.isInterlaced ? [] : ['-reinit_filter', '0'];
}

/** Square pixels of the size asked for, as RGB or YUV. */
export function sizeFilters(
  { width, size, yuv = null }: Pick<FilterSettings, 'width' | 'size' | 'yuv'>,
  { printSize = false }: { readonly printSize?: boolean } = {},
): string[] {
  const print = printSize ? PRINT_SIZE : '';
  if (size === null) {
    // Only the stream knows its size. Should that change midway, ffmpeg stretches to the first one.
    const shrunk = `min(1,${LONGEST_SIDE}/max(iw*sar,ih))`;
    const scale =
      width == null
        ? `w='${print}max(1,round(iw*sar*${shrunk}))':h='max(1,round(ih*${shrunk}))'`
        : `w='${print}${width}':h='max(2,2*round(${width}*ih/(iw*sar)/2))'`;
    return [`scale=${scale}`, 'format=rgb24'];
  }
  const target = width == null ? workingSize(size) : { width, height: evenHeight(width, size) };
  // Pictures of another shape, later in the stream, are fitted in with bars, never stretched: a stretched face is another face.
  const shape = size.width / size.height;
  // `pad` rounds the size of YUV to even numbers.
  const isPlanar = yuv !== null && target.width % 2 === 0 && target.height % 2 === 0;
  const same = `lt(abs(iw*sar/ih/${shape}-1),${SAME_SHAPE})`;
  const factor = `min(${target.width}/(iw*sar),${target.height}/ih)`;
  return [
    // Left to itself, ffmpeg may make video range of footage that has all of it. Said of any other footage, it would cost a copy.
    `scale=${isPlanar && yuv === 'pc' ? 'out_range=pc:' : ''}w='${print}if(${same},${target.width},max(1,round(iw*sar*${factor})))':h='if(${same},${target.height},max(1,round(ih*${factor})))':eval=frame`,
    `format=${isPlanar ? 'yuv420p' : 'rgb24'}`,
    `pad=${target.width}:${target.height}:(ow-iw)/2:(oh-ih)/2:eval=frame`,
  ];
}

function evenHeight(width: number, size: PictureSize): number {
  return Math.max(2, 2 * Math.round((width * size.height) / size.width / 2));
}
