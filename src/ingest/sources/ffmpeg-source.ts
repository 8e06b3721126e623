import type { Readable } from 'node:stream';
import { FerError, throwIfAborted } from '../../errors/fer-error.js';
import { findFfmpeg } from '../ffmpeg/binaries.js';
import { EXIT_SIGNALLED, EXIT_TOO_MANY_ERRORS, startFfmpeg } from '../ffmpeg/command.js';
import type { FfmpegEnd, FfmpegRun } from '../ffmpeg/command.js';
import type { Frame, YuvToRgb } from '../frame.js';
import { yuvToRgb } from '../frame.js';
import type { DecodeReport, FrameSource, SourceInfo, SourceOptions } from './frame-source.js';
import { NETWORK_TIMEOUT, formatOptions, guardOptions, inputArgument } from '../ffmpeg/input-guards.js';
import type { InputPlace } from '../ffmpeg/input-guards.js';
import type { NutPicture } from '../nut/nut-reader.js';
import { PictureQueue } from '../nut/picture-queue.js';
import { IncreasingTime, TRANSPORT_TIME_BASE, describeSteps, presentationTime } from '../ffmpeg/continuous-time.js';
import type { TimeStep } from '../ffmpeg/continuous-time.js';
import { ProcessOutput } from '../ffmpeg/process-output.js';
import { SAME_SHAPE, keepFilters, pictureFilters, workingSize } from '../ffmpeg/picture-filters.js';
import type { PictureSize } from '../ffmpeg/picture-filters.js';
import { JointFinder, findJoint } from '../probe/joined-files.js';
import type { DecodeLog } from '../ffmpeg/decode-log.js';
import { countShownPackets } from '../probe/probe-video.js';
import type { VideoProbe } from '../probe/probe-video.js';
import { connectionError, outOfRange, refusal, stalled } from '../probe/refusal.js';
import { relayUrl } from '../ffmpeg/url-relay.js';
import type { UrlRelay } from '../ffmpeg/url-relay.js';

export interface FfmpegSourceSetup {
  readonly name: string;
  readonly place: InputPlace;
  /** File path, URL, or the stream to pipe in. */
  readonly input: string | Readable;
  /** Null when the input cannot be looked at twice. */
  readonly probe: VideoProbe | null;
  readonly options: SourceOptions;
  /** Milliseconds a network input may stay silent. */
  readonly networkTimeout?: number;
}

/**
 * Seconds before `start` at which decoding begins: reordering and open groups of pictures reach back over key frames.
 * Pictures that point before the seek point make the decoder complain even about healthy footage; they all lie in the
 * run-up, so complaints that come before the first picture that is wanted do not count.
 */
const RUN_UP = 3;
/** The same in frames, for footage of a very low rate. */
const RUN_UP_FRAMES = 20;

/** Frames that ffmpeg decodes, from anything it can open. `file-source` and `stdin-source` say what that is. */
export class FfmpegSource implements FrameSource {
  readonly name: string;
  readonly info: SourceInfo;
  private frameCount = 0;
  private expectedFrames: number | null;
  private decodeErrors = 0;
  private cutOff: string | null = null;
  /** Problems that ffmpeg does not report. */
  private readonly losses: string[] = [];
  private readonly joint = new JointFinder();
  private steps: readonly TimeStep[] = [];
  private begun = false;
  /** Of planar pictures. */
  private readonly yuv: YuvToRgb | undefined;

  constructor(private readonly setup: FfmpegSourceSetup) {
    const { probe } = setup;
    this.name = setup.name;
    if (probe?.yuv != null) this.yuv = yuvToRgb(probe.yuv.space, probe.yuv.range);
    this.expectedFrames = wholeSource(setup.options) ? (probe?.frames ?? null) : null;
    this.info = {
      container: probe?.container ?? null,
      codec: probe?.codec ?? null,
      duration: probe?.duration ?? null,
      expectedFrames: this.expectedFrames,
    };
  }

  async *frames(signal?: AbortSignal): AsyncGenerator<Frame, void, undefined> {
    if (this.begun) throw new FerError('USAGE', `${this.name}: a source can be read only once, open it again`);
    this.begun = true;
    throwIfAborted(signal, this.name);
    const { input, place, networkTimeout = NETWORK_TIMEOUT } = this.setup;
    const relay =
      place === 'url' && typeof input === 'string' ? await relayUrl(input, networkTimeout, this.watch) : null;
    try {
      yield* this.decode(input, relay, signal);
    } finally {
      await relay?.close();
    }
  }

  private async *decode(
    input: string | Readable,
    relay: UrlRelay | null,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Frame, void, undefined> {
    const seek = seekPoint(this.setup.options, this.setup.probe);
    const pictures = new PictureQueue();
    const output = await ProcessOutput.open(pictures);
    pictures.onRoom = () => {
      output.resume();
    };
    const run = await this.start(relay?.address ?? input, seek, output).catch((error: unknown) => {
      output.end();
      throw error;
    });
    const stop = (): void => void run.stop();
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted === true) stop();
    const clock = new IncreasingTime(this.keptFilters.length > 0);
    if (typeof input !== 'string') input.on('data', this.watch);
    try {
      for (let picture = await pictures.next(); picture !== null; picture = await pictures.next()) {
        throwIfAborted(signal, this.name);
        if (this.frameCount === 0 && seek !== null) run.log.forgetErrors(); // see RUN_UP
        yield this.frameOf(picture, clock, pictures);
      }
      const end = await run.ended;
      throwIfAborted(signal, this.name);
      if (this.frameCount === 0 && seek !== null) run.log.forgetErrors();
      await this.judge(end, pictures.isWhole, relay);
      await this.noteLosses(end.log, clock);
    } finally {
      signal?.removeEventListener('abort', stop);
      const { log } = await run.stop();
      this.decodeErrors = log.errors;
      this.steps = [...log.stepsBack, ...clock.steps];
      if (typeof input !== 'string') input.off('data', this.watch).destroy(); // left open, it would keep Node waiting
    }
  }

  private frameOf(picture: NutPicture, clock: IncreasingTime, pictures: PictureQueue): Frame {
    const { width, height, data, ticks, isPlanar } = picture;
    return {
      index: this.frameCount++,
      timestamp: clock.next(presentationTime(ticks)),
      width,
      height,
      data,
      ...(isPlanar && this.yuv && { yuv: this.yuv }),
      release: () => {
        pictures.giveBack(picture);
      },
    };
  }

  report(): DecodeReport {
    const { frameCount: frames, expectedFrames, decodeErrors } = this;
    const missing = expectedFrames !== null && frames < expectedFrames;
    const degraded = decodeErrors > 0 || missing || this.cutOff !== null || this.losses.length > 0;
    const notes = [...(degraded ? [this.describeDamage()] : []), describeSteps(this.steps)];
    return {
      frames,
      expectedFrames,
      decodeErrors,
      degraded,
      note: notes.filter((note) => note !== null).join('; ') || null,
    };
  }

  private describeDamage(): string {
    const { frameCount, expectedFrames, decodeErrors } = this;
    const parts = [expectedFrames === null ? `${frameCount} frames` : `${frameCount} of ${expectedFrames} frames`];
    if (decodeErrors > 0) parts.push(`${decodeErrors} decode error${decodeErrors === 1 ? '' : 's'}`);
    if (this.cutOff !== null) parts.push(this.cutOff);
    parts.push(...this.losses);
    return parts.join(', ');
  }

  /** ffmpeg's option, or none. */
  private get keptFilters(): string[] {
    const { probe } = this.setup;
    return keepFilters(probe?.size == null ? null : probe);
  }

  private async start(input: string | Readable, seek: number | null, target: ProcessOutput): Promise<FfmpegRun> {
    const { place, probe, options } = this.setup;
    const { path: program, frameSync } = await findFfmpeg();
    const { size = null, timed = true, yuv = null, isInterlaced = false } = probe ?? {};
    const range = options.rgb === true ? null : yuv?.range;
    const filters = pictureFilters({ ...options, size, timed, isInterlaced, yuv: range });
    return startFfmpeg({
      program,
      inputs: [
        {
          source: typeof input === 'string' ? inputArgument(place, input) : input,
          options: [
            ...guardOptions(place),
            ...(typeof input === 'string' ? formatOptions(input) : []),
            // Presentation times stay those of the container, and a seek point is one of them too.
            '-copyts',
            ...this.keptFilters,
            ...(seek === null ? [] : ['-seek_timestamp', '1', '-noaccurate_seek', '-ss', String(seek)]),
          ],
        },
      ],
      outputOptions: [
        ...['-map', probe === null ? '0:V:0' : `0:${probe.stream}`, '-an', '-sn', '-dn'],
        ...['-max_error_rate', '0'],
        ...[frameSync, 'passthrough'],
        ...['-filter:v', filters],
        ...['-enc_time_base', TRANSPORT_TIME_BASE, '-avoid_negative_ts', 'disabled'],
        // Without an index ffmpeg's memory does not grow with the length.
        ...['-c:v', 'rawvideo', '-write_index', '0', '-f', 'nut'],
      ],
      target,
    });
  }

  /** Whether the end of the frames was the end of the footage. @throws FerError when there was none, or the connection failed before the end. */
  private async judge(end: FfmpegEnd, whole: boolean, relay: UrlRelay | null): Promise<void> {
    const trouble = relay?.trouble ?? null;
    const seekable = relay?.seekable !== false;
    const { log, exitCode, failure } = end;
    this.decodeErrors = log.errors;
    if (trouble?.stalled === true) throw stalled(this.name, failure);
    if (exitCode === EXIT_SIGNALLED) throw new FerError('INTERRUPTED', `${this.name}: ffmpeg was stopped`);
    if (exitCode === null) {
      throw new FerError(
        'FFMPEG_FAILED',
        `${this.name}: ffmpeg died (${failure?.message ?? 'no reason given'}): try again, or try another build`,
        {
          cause: failure,
        },
      );
    }
    const isComplete = this.expectedFrames !== null && this.frameCount >= this.expectedFrames;
    const lost = isComplete ? null : connectionError(this.name, trouble, failure);
    if (lost !== null) throw lost;
    const failed = exitCode !== 0 && exitCode !== EXIT_TOO_MANY_ERRORS;
    if (this.frameCount === 0 && !failed && isRange(this.setup.options)) {
      const { options, probe } = this.setup;
      throw outOfRange(this.name, options, probe?.startTime ?? null, probe?.duration ?? null);
    }
    if (this.frameCount === 0 && (failed || wholeSource(this.setup.options))) {
      throw refusal(this.name, log.tail, {
        network: trouble?.reason ?? null,
        piped: this.setup.place === 'stdin',
        seekable,
      });
    }
    if (!seekable && this.decodeErrors > 0) this.cutOff = 'the server cannot seek: download the file first';
    else if (trouble !== null) this.cutOff = `the server broke off (${trouble.reason})`;
    else if (failed || !whole) this.cutOff = `ffmpeg stopped early (${log.tail.at(-1) ?? `exit code ${exitCode}`})`;
    await this.settleExpectation();
  }

  private readonly watch = (bytes: Uint8Array): void => {
    this.joint.push(bytes);
  };

  /** Footage that ffmpeg passes over, or shrinks, in silence. */
  private async noteLosses(log: DecodeLog, { steps }: IncreasingTime): Promise<void> {
    const { input, place, options, probe } = this.setup;
    const larger = largerSize(log.pictureSizes, options, probe?.size ?? null);
    if (larger !== null) {
      const remedy = place === 'file' ? 'convert it to one size' : 'save it to a file first';
      this.losses.push(`the picture size changes ${larger}: ${remedy}`);
    }
    if (!wholeSource(options)) return;
    const joint = place === 'file' && typeof input === 'string' ? await findJoint(input) : this.joint.found;
    if (joint === null || (joint.mayBeRead && log.stepsBack.length + steps.length > 0)) return;
    const { at, size } = joint;
    this.losses.push(
      `a second file begins at byte ${at}${size === null ? '' : ` of ${size}`} and is not read in full: split it there`,
    );
  }

  /** Fewer frames than announced and not one complaint: perhaps the edit list hides some. Then the packets tell. */
  private async settleExpectation(): Promise<void> {
    const { probe, place, input } = this.setup;
    if (this.expectedFrames === null || probe === null || place !== 'file' || typeof input !== 'string') return;
    if (this.frameCount === this.expectedFrames || this.decodeErrors > 0) return;
    const shown = await countShownPackets(input, probe.stream);
    this.expectedFrames =
      shown !== null && shown < this.expectedFrames
        ? shown
        : this.frameCount > this.expectedFrames
          ? null
          : this.expectedFrames;
  }
}

/** Times the area: pictures up to this size are not worth a word. */
const MUCH_LARGER = 1.1;

/**
 * The change of size that costs pixels or proportions, "from 320x180 to 1280x720"; null for none.
 * @param known the size that was planned for; null where nothing was known before
 */
function largerSize(
  sizes: readonly PictureSize[],
  { width: asked }: SourceOptions,
  known: PictureSize | null,
): string | null {
  const first = sizes[0];
  if (first === undefined) return null;
  const { width, height } = workingSize(known ?? first);
  const isLost = (size: PictureSize): boolean => {
    const wanted = workingSize(size);
    if (known === null && Math.abs((size.width * height) / (size.height * width) - 1) > SAME_SHAPE) return true;
    return asked == null && wanted.width * wanted.height > MUCH_LARGER * width * height;
  };
  const lost = sizes.find((size, i) => i > 0 && isLost(size));
  if (lost === undefined) return null;
  return `from ${first.width}x${first.height} to ${lost.width}x${lost.height}`;
}

function isRange({ start, end }: SourceOptions): boolean {
  return start != null || end != null;
}

function wholeSource({ start, end, fps }: SourceOptions): boolean {
  return start == null && end == null && fps == null;
}

/** Where to start decoding for `start`, in container time; null for the beginning. */
function seekPoint({ start }: SourceOptions, probe: VideoProbe | null): number | null {
  if (start == null || probe?.seekable !== true) return null;
  const runUp = Math.max(RUN_UP, RUN_UP_FRAMES / (probe.frameRate ?? RUN_UP_FRAMES));
  const point = start - runUp;
  return point > (probe.startTime ?? 0) ? point : null;
}
