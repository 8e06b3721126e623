import { open, stat } from 'node:fs/promises';
import { z } from 'zod';
import { FerError } from '../../errors/fer-error.js';
import { findFfprobe, runProcess } from '../ffmpeg/binaries.js';
import { NETWORK_TIMEOUT, formatOptions, guardOptions, inputArgument, playlistFormat } from '../ffmpeg/input-guards.js';
import type { PictureSize } from '../ffmpeg/picture-filters.js';
import { isYuvSpace } from '../frame.js';
import type { YuvRange, YuvSpace } from '../frame.js';
import { isFragmented } from './joined-files.js';
import { inputError, playlist, refusal, stalled, notAFile } from './refusal.js';
import { relayUrl } from '../ffmpeg/url-relay.js';
import type { UrlRelay } from '../ffmpeg/url-relay.js';

/** What ffprobe says about the video stream of a file or URL. */
export interface VideoProbe {
  /** As ffprobe names it, e.g. "mov,mp4,m4a,3gp,3g2,mj2". */
  readonly container: string;
  readonly codec: string;
  /** Index of the stream in the container: the first one that is footage and not a cover picture. */
  readonly stream: number;
  /** Pixels of the first picture (of `probeFile`: the largest) as shown: after rotation, with square pixels; null if ffprobe does not know. */
  readonly size: PictureSize | null;
  /** How the colours of footage with subsampled chroma are coded; null for RGB, grey, 4:4:4, transparency, and what only ffmpeg can convert. */
  readonly yuv: YuvCoding | null;
  /** The container says how to turn the picture. */
  readonly isRotated: boolean;
  /** Its pictures are woven of two fields, taken one after the other. */
  readonly isInterlaced: boolean;
  /** Number of other video streams, without cover pictures. */
  readonly otherStreams: number;
  /** Seconds; of the video stream, else of the whole container. */
  readonly duration: number | null;
  /** Presentation time of the beginning in seconds. */
  readonly startTime: number | null;
  /** Frames per second on average; for variable rates only that. */
  readonly frameRate: number | null;
  /** Number of frames, where the container says so reliably. */
  readonly frames: number | null;
  /** False for bare codec streams (.h264, .m4v ...), whose frames carry no presentation time. */
  readonly timed: boolean;
  /** True when the container has an index by which to find the key frame before a time. */
  readonly seekable: boolean;
}

/** Of YUV: its matrix and range. */
export interface YuvCoding {
  readonly space: YuvSpace;
  readonly range: YuvRange;
}

/** Milliseconds for ffprobe: it only reads the beginning, but that may come over a slow connection. */
const PROBE_TIMEOUT = 60_000;
/** ffmpeg's own network timeout as a multiple of the relay's: the relay tells a silent server from a busy ffmpeg. */
const RELAY_FIRST = 2;
/** Packets looked at to see whether an edit list hides frames at the beginning. */
const PACKETS_LOOKED_AT = 8;

/** Enough of a file to recognise a playlist. */
const HEAD_BYTES = 512;

const UNTIMED_FORMATS: ReadonlySet<string> = new Set([
  'h264',
  'hevc',
  'mpegvideo',
  'm4v',
  'h263',
  'h261',
  'vc1',
  'obu',
  'dirac',
  'mjpeg',
  'yuv4mpegpipe',
]);

/** ffprobe's names: which field comes first, as coded and as shown. */
const INTERLACED: ReadonlySet<string> = new Set(['tt', 'bb', 'tb', 'bt']);

const integer = z.coerce.number().int();
const streamSchema = z.object({
  index: z.number(),
  codec_type: z.string().optional(),
  codec_name: z.string().default('unknown'),
  width: z.number().default(0),
  height: z.number().default(0),
  pix_fmt: z.string().default('unknown'),
  color_space: z.string().default('unknown'),
  color_range: z.string().default('unknown'),
  field_order: z.string().default('unknown'),
  sample_aspect_ratio: z.string().optional(),
  avg_frame_rate: z.string().optional(),
  r_frame_rate: z.string().optional(),
  start_time: z.coerce.number().optional(),
  duration: z.coerce.number().optional(),
  nb_frames: integer.optional(),
  disposition: z.object({ attached_pic: z.number().default(0) }).optional(),
  tags: z.record(z.string(), z.string()).optional(),
  side_data_list: z.array(z.object({ rotation: z.coerce.number().optional() }).loose()).optional(),
});
const answerSchema = z.object({
  streams: z.array(streamSchema).default([]),
  format: z
    .object({
      format_name: z.string(),
      duration: z.coerce.number().optional(),
      start_time: z.coerce.number().optional(),
    })
    .optional(),
  packets: z.array(z.object({ stream_index: z.number(), flags: z.string().default('') }).loose()).default([]),
});
type StreamAnswer = z.infer<typeof streamSchema>;
type Answer = z.infer<typeof answerSchema> & { readonly format: object };

/**
 * Asks ffprobe what an input holds, with the same guards as decoding has.
 * @param path a file path or an http(s) URL
 * @param name how the user named it, for messages
 * @param networkTimeout milliseconds a server may stay silent
 * @throws FerError INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_NO_VIDEO, INPUT_UNSAFE, INPUT_STALLED, FFMPEG_MISSING
 */
export async function probeVideo(
  place: 'file' | 'url',
  path: string,
  name: string = path,
  networkTimeout = NETWORK_TIMEOUT,
): Promise<VideoProbe> {
  if (place === 'file') {
    await mustBeFootage(path, name);
    return describe(await ask(place, path, name, networkTimeout, null), name);
  }
  const relay = await relayUrl(path, networkTimeout);
  try {
    const answer = await ask(place, relay.address, name, networkTimeout, relay).catch((error: unknown) => {
      // ffmpeg builds differ in what they take a playlist for that bears the name of a video.
      refusePlaylist(relay.head.toString(), name);
      throw error;
    });
    refusePlaylist(relay.head.toString(), name);
    return describe(answer, name);
  } finally {
    await relay.close();
  }
}

/** Probes of the last files: a data set or an archive reads one file in many parts. */
const probed = new Map<string, Promise<VideoProbe>>();
const MOST_PROBED = 16;

/**
 * `probeVideo` for a file that is read as a whole: its size is that of the largest picture, which takes a pass over the key frames. That of a file which has
 * not changed is remembered.
 * @throws FerError as `probeVideo` does
 */
export async function probeFile(path: string, name: string): Promise<VideoProbe> {
  await mustBeFootage(path, name);
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  const key = [path, (await findFfprobe()).path, dev, ino, size, mtimeNs, ctimeNs].join('\n');
  const known = probed.get(key);
  if (known !== undefined) return known;
  const probing = ask('file', path, name, NETWORK_TIMEOUT, null).then((answer) =>
    withLargestSize(path, describe(answer, name), answer),
  );
  probed.set(key, probing);
  if (probed.size > MOST_PROBED) probed.delete(probed.keys().next().value!);
  probing.catch(() => probed.delete(key));
  return probing;
}

async function ask(
  place: 'file' | 'url',
  path: string,
  name: string,
  networkTimeout: number,
  relay: UrlRelay | null,
): Promise<Answer> {
  const { path: ffprobe } = await findFfprobe();
  const args = [
    '-v',
    'error',
    ...guardOptions(place, networkTimeout * RELAY_FIRST),
    '-print_format',
    'json',
    '-show_format',
    '-show_streams',
  ];
  args.push('-read_intervals', `%+#${PACKETS_LOOKED_AT}`, '-show_entries', 'packet=stream_index,flags');
  const result = await runProcess(
    ffprobe,
    [...args, ...formatOptions(path), inputArgument(place, path)],
    PROBE_TIMEOUT,
  );
  const trouble = relay?.trouble ?? null;
  if (result.timedOut || trouble?.stalled === true) throw stalled(name);
  if (result.exitCode === null) {
    throw new FerError(
      'FFMPEG_FAILED',
      `${name}: ${ffprobe} crashed on it: point FFPROBE_PATH at another build of ffprobe`,
    );
  }
  const answer = answerSchema.safeParse(parseJson(result.stdout));
  if (!answer.success || answer.data.format === undefined) {
    throw refusal(name, linesOf(result.stderr), {
      network: trouble?.reason ?? null,
      seekable: relay?.seekable !== false,
    });
  }
  return { ...answer.data, format: answer.data.format };
}

function describe({ streams, format, packets }: Answer, name: string): VideoProbe {
  const videos = streams.filter((stream) => stream.codec_type === 'video' && stream.disposition?.attached_pic !== 1);
  const video = videos[0];
  if (video === undefined) {
    const kinds = [...new Set(streams.map((stream) => stream.codec_type ?? 'unknown'))].join(', ') || 'nothing';
    throw new FerError('INPUT_NO_VIDEO', `${name}: contains no video stream (${kinds}): give a file with footage`);
  }
  const formats = format.format_name.split(',');
  const isMov = formats.includes('mov');
  const hidesFrames = packets.some((packet) => packet.stream_index === video.index && packet.flags.includes('D'));
  return {
    container: format.format_name,
    codec: video.codec_name,
    stream: video.index,
    size: displaySize(video),
    yuv: yuvCoding(video),
    isRotated: rotationOf(video) !== 0,
    isInterlaced: INTERLACED.has(video.field_order),
    otherStreams: videos.length - 1,
    duration: positive(video.duration) ?? positive(format.duration),
    startTime: video.start_time ?? format.start_time ?? null,
    frameRate: ratio(video.avg_frame_rate) ?? ratio(video.r_frame_rate),
    // Other containers' counts are of fields, of index entries, or guesses.
    frames: isMov && !hidesFrames ? positive(video.nb_frames) : null,
    timed: !formats.some((one) => UNTIMED_FORMATS.has(one)),
    seekable: isMov || formats.includes('matroska'),
  };
}

/**
 * A recording may begin small and grow (a browser's, whose line was slow at first): the largest of its key frames decides. Of an mp4 with an
 * index, which seldom changes its size, only samples of its key frames are looked at.
 */
async function withLargestSize(path: string, probe: VideoProbe, answer: Answer): Promise<VideoProbe> {
  const stream = answer.streams.find(({ index }) => index === probe.stream);
  if (stream === undefined || probe.size === null || !RESIZABLE_CODECS.has(probe.codec)) return probe;
  const isIndexed = probe.container.includes('mov') && !(await isFragmented(path));
  const { path: ffprobe } = await findFfprobe();
  const args = [
    '-v',
    'quiet',
    ...guardOptions('file'),
    '-skip_frame',
    'nokey',
    '-select_streams',
    String(probe.stream),
    ...(isIndexed && probe.duration !== null ? ['-read_intervals', sampleTimes(probe)] : []),
  ];
  const entries = ['-show_entries', 'frame=width,height', '-of', 'csv=p=0'];
  const { stdout, exitCode } = await runProcess(
    ffprobe,
    [...args, ...entries, ...formatOptions(path), inputArgument('file', path)],
    PROBE_TIMEOUT,
  );
  if (exitCode !== 0) return probe;
  let largest = probe.size;
  for (const line of new Set(linesOf(stdout))) {
    const [width = 0, height = 0] = line.split(',').map(Number);
    const size = displaySize({ ...stream, width, height });
    if (size !== null && size.width * size.height > largest.width * largest.height) largest = size;
  }
  return { ...probe, size: largest };
}

/** Places in an indexed file whose key frames are looked at. */
const SIZE_SAMPLES = 12;

/** One packet at each place, as ffprobe's -read_intervals. */
function sampleTimes({ startTime, duration }: VideoProbe): string {
  return Array.from({ length: SIZE_SAMPLES }, (_, i) => {
    const time = (startTime ?? 0) + ((duration ?? 0) * (i + 1)) / (SIZE_SAMPLES + 1);
    return `${time.toFixed(3)}%+#1`;
  }).join(',');
}

/** Codecs of which a stream may change its size. */
const RESIZABLE_CODECS: ReadonlySet<string> = new Set(['h264', 'hevc', 'vp8', 'vp9', 'av1', 'mpeg2video', 'mpeg4']);

/**
 * Frames that the container wants shown, counted packet by packet without decoding: edit lists can hide any number.
 * @returns null when ffprobe cannot tell
 */
export async function countShownPackets(path: string, stream: number): Promise<number | null> {
  const { path: ffprobe } = await findFfprobe();
  const args = [
    '-v',
    'quiet',
    ...guardOptions('file'),
    '-select_streams',
    String(stream),
    '-show_entries',
    'packet=flags',
    '-of',
    'csv=p=0',
  ];
  const result = await runProcess(ffprobe, [...args, inputArgument('file', path)], PROBE_TIMEOUT);
  if (result.exitCode !== 0 || result.timedOut) return null;
  return linesOf(result.stdout).filter((flags) => !flags.includes('D')).length;
}

async function mustBeFootage(path: string, name: string): Promise<void> {
  const about = await stat(path).catch((error: unknown) => {
    throw inputError(name, error);
  });
  if (about.isDirectory()) throw new FerError('INPUT_UNREADABLE', `${name}: is a folder: give the files in it`);
  if (!about.isFile()) throw notAFile(name, about);
  if (about.size === 0) throw new FerError('INPUT_UNREADABLE', `${name}: is empty (0 bytes): record or copy it again`);
  refusePlaylist(await headOf(path, name), name);
}

function refusePlaylist(head: string, name: string): void {
  const format = playlistFormat(head);
  if (format !== null) throw playlist(name, format);
}

async function headOf(path: string, name: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw inputError(name, error);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function linesOf(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => line.trim() !== '');
}

function positive(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : null;
}

/** "30000/1001" -> 29.97...; null for "0/0". */
function ratio(text: string | undefined): number | null {
  const [above = NaN, below = 1] = (text ?? '').split(/[/:]/).map(Number);
  return positive(above / below);
}

/** 4:2:0, 4:2:2, 4:1:1 and 4:1:0 of any depth, planar or packed. */
const SUBSAMPLED = /^(yuvj?4(20|22|11|10)p\d*(le|be)?|nv(12|21|16)|p[02]\d\d(le|be)|(yuyv|uyvy|yvyu)422)$/;

/** More than 8 bits a value. */
const DEEP = /\d(le|be)$/;

function yuvCoding(video: Pick<StreamAnswer, 'pix_fmt' | 'color_space' | 'color_range'>): YuvCoding | null {
  const { pix_fmt: format, color_space: space, color_range: range } = video;
  if (!SUBSAMPLED.test(format) || !isYuvSpace(space)) return null;
  const isFull = range === 'pc' || format.startsWith('yuvj');
  // Older builds of ffmpeg shift the colours of this one.
  if (isFull && DEEP.test(format)) return null;
  return { space, range: isFull ? 'pc' : 'tv' };
}

/** Size after ffmpeg: rotated by quarter turns, with square pixels. */
export function displaySize(
  stream: Pick<StreamAnswer, 'width' | 'height' | 'sample_aspect_ratio' | 'tags' | 'side_data_list'>,
): PictureSize | null {
  if (stream.width <= 0 || stream.height <= 0) return null;
  const rotation = rotationOf(stream);
  if (!Number.isFinite(rotation) || rotation % 90 !== 0) return null;
  const turned = rotation % 180 !== 0;
  const aspect = ratio(stream.sample_aspect_ratio) ?? 1;
  const [width, height, pixelAspect] = turned
    ? [stream.height, stream.width, 1 / aspect]
    : [stream.width, stream.height, aspect];
  return { width: Math.max(1, Math.round(width * pixelAspect)), height };
}

/** Degrees. */
function rotationOf(stream: Pick<StreamAnswer, 'tags' | 'side_data_list'>): number {
  return (
    stream.side_data_list?.find((data) => data.rotation !== undefined)?.rotation ?? Number(stream.tags?.['rotate'] ?? 0)
  );
}
