import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { FerError } from '../../errors/fer-error.js';
import { findFfmpeg, runProcess } from '../../ingest/ffmpeg/binaries.js';
import { startFfmpeg } from '../../ingest/ffmpeg/command.js';
import { formatOptions, guardOptions, inputArgument } from '../../ingest/ffmpeg/input-guards.js';
import { IMAGE_RATE } from '../../ingest/sources/frame-source.js';
import { connectionError } from '../../ingest/probe/refusal.js';
import { relayUrl } from '../../ingest/ffmpeg/url-relay.js';
import type { FfmpegBinary } from '../../ingest/ffmpeg/binaries.js';
import type { FfmpegRun } from '../../ingest/ffmpeg/command.js';
import type { FrameResult } from '../pipeline/frame-result.js';
import type { RunMetadata } from '../results/annotation-schema.js';
import { AssTrack } from './ass.js';
import { AtomicFile, refuseFolder, syncFolder } from '../../files/atomic-file.js';
import { examineSource, imageFrames, imageVideoSize } from './overlay-source.js';
import { fixLastFrameDuration } from './overlay-mp4.js';
import type { OutputContext, OutputFormat, StagedWriter } from '../results/output-format.js';
import { writeError } from '../../files/write-error.js';
import { imageOverlayOptions, overlayOptions, stillOverlayOptions } from './overlay-options.js';
import type { OverlayOptions } from './overlay-options.js';
import { placeFont } from './ass-script.js';
import { claimTemporary, releaseTemporary, removeStaleTemporaries } from '../../files/temporary-name.js';

/** Milliseconds without data from a server before giving up. */
const LONGEST_SILENCE = 20_000;
/** Milliseconds for ffmpeg to list its features. */
const ASK_TIMEOUT = 30_000;

/** The footage with boxes and labels drawn in. One ffmpeg pass, after the last result. */
export const OVERLAY: OutputFormat = {
  name: 'overlay',
  ending: '.overlay.mp4',
  endingFor: (context) => (isSinglePicture(context) ? STILL_ENDING : '.overlay.mp4'),
  summary: 'the video with boxes and labels burnt in, sound and timing kept (H.264 mp4); of a single picture a JPEG',
  async open(path: string, metadata: RunMetadata, context: OutputContext): Promise<StagedWriter> {
    const footage = footageOf(metadata, context);
    const ffmpeg = context.ffmpeg ?? (await findFfmpeg());
    await mustDraw(ffmpeg);
    const folder = await openFolder(path);
    try {
      const fonts = await placeFont(folder);
      const script = await AtomicFile.open(join(folder, 'overlay.ass'));
      return new OverlayWriter({ path, folder, fonts, script, name: metadata.input.name, footage, ffmpeg, context });
    } catch (error) {
      await closeFolder(folder);
      throw writeError(path, error);
    }
  },
};

/** A single picture becomes a JPEG, not a video. */
const STILL_ENDING = '.overlay.jpg';

function isSinglePicture({ imagePaths }: OutputContext): boolean {
  return imagePaths?.length === 1;
}

/** Background of the boxes. */
type Footage =
  | { readonly kind: 'video'; readonly place: 'file' | 'url'; readonly path: string }
  | { readonly kind: 'images'; readonly paths: readonly string[]; readonly rate: number };

function footageOf({ input, settings }: RunMetadata, { sourcePath, imagePaths }: OutputContext): Footage {
  if (input.kind === 'images') {
    if (imagePaths != null && imagePaths.length > 0) {
      const { fps } = settings;
      return { kind: 'images', paths: imagePaths, rate: typeof fps === 'number' ? fps : IMAGE_RATE };
    }
    throw new FerError(
      'CONFIG_INVALID',
      `${input.name}: no overlay without the list of its images; leave out --overlay`,
    );
  }
  if (sourcePath === null || input.kind === 'stdin') {
    throw new FerError(
      'CONFIG_INVALID',
      `${input.name}: an overlay reads the video twice, which a pipe cannot give; save it to a file, or leave out --overlay`,
    );
  }
  return input.kind === 'url'
    ? { kind: 'video', place: 'url', path: sourcePath }
    : { kind: 'video', place: 'file', path: resolve(sourcePath) };
}

/** Programs known to be able to draw. */
const ableToDraw = new Set<string>();

/** Checked first rather than after an hour of annotating: many builds leave out libass, some x264. */
async function mustDraw({ path }: { readonly path: string }): Promise<void> {
  if (ableToDraw.has(path)) return;
  for (const [question, part] of [
    ['filter=ass', 'libass'],
    ['encoder=libx264', 'x264'],
  ] as const) {
    const { stdout } = await runProcess(path, ['-hide_banner', '-h', question], ASK_TIMEOUT);
    if (/AVOptions/.test(stdout)) continue;
    throw new FerError(
      'FFMPEG_MISSING',
      `${path} is built without ${part}, which overlays need; set FFMPEG_PATH to a complete ffmpeg, or leave out --overlay`,
    );
  }
  ableToDraw.add(path);
}

async function openFolder(path: string): Promise<string> {
  const folder = claimTemporary(path);
  try {
    await refuseFolder(path);
    await removeStaleTemporaries(path);
    await mkdir(folder);
    return folder;
  } catch (error) {
    releaseTemporary(folder);
    throw writeError(path, error);
  }
}

async function closeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  releaseTemporary(folder);
}

interface OverlayJob {
  readonly path: string;
  /** Temporary, next to `path`: holds the script, the font and the growing video. */
  readonly folder: string;
  readonly fonts: string;
  readonly script: AtomicFile;
  readonly name: string;
  readonly footage: Footage;
  readonly ffmpeg: Pick<FfmpegBinary, 'path' | 'frameSync'>;
  readonly context: OutputContext;
}

/** Arguments of ffmpeg. */
interface Pass {
  readonly options: OverlayOptions;
  readonly source: string | Readable;
}

class OverlayWriter implements StagedWriter {
  private readonly track: AssTrack;
  private first: number | null = null;
  private last = 0;
  private encoding: FfmpegRun | null = null;
  private ended = false;

  constructor(private readonly job: OverlayJob) {
    this.track = new AssTrack(job.name, job.footage.kind === 'images' ? 1 / job.footage.rate : undefined);
  }

  async write(result: FrameResult): Promise<void> {
    this.first ??= result.timestamp;
    this.last = result.timestamp;
    await this.job.script.write(this.track.push(result));
  }

  async prepare(): Promise<void> {
    const { script } = this.job;
    await script.write(this.track.end());
    await script.prepare();
    await script.commit();
    await this.encode();
    await this.complete();
  }

  async commit(): Promise<void> {
    const { path, folder } = this.job;
    try {
      await rename(this.video, path);
      await syncFolder(dirname(path));
    } catch (error) {
      throw writeError(path, error);
    }
    this.ended = true;
    await closeFolder(folder);
  }

  async abort(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    await this.encoding?.stop();
    await this.job.script.abort();
    await closeFolder(this.job.folder);
  }

  private get video(): string {
    return join(this.job.folder, isSinglePicture(this.job.context) ? 'still.jpg' : 'video.mp4');
  }

  private async encode(): Promise<void> {
    const { footage } = this.job;
    if (footage.kind === 'images') return this.encodePass(await this.imageOptions(footage));
    if (footage.place === 'file') return this.encodePass(await this.videoOptions(footage));
    const relay = await relayUrl(footage.path, LONGEST_SILENCE);
    try {
      await this.encodePass(await this.videoOptions({ ...footage, path: relay.address })).catch((error: unknown) => {
        this.stopIfUnwanted();
        throw connectionError(this.job.name, relay.trouble, error) ?? error;
      });
      // ffmpeg takes a broken connection for the end of the footage.
      const lost = connectionError(this.job.name, relay.trouble);
      if (lost !== null) throw lost;
    } finally {
      await relay.close();
    }
  }

  private async encodePass({ options, source }: Pass): Promise<void> {
    const { ffmpeg, context, name } = this.job;
    const { signal } = context;
    this.stopIfUnwanted();
    const run = startFfmpeg({
      program: ffmpeg.path,
      inputs: [{ source, options: options.input }],
      outputOptions: options.output,
      target: this.video,
    });
    this.encoding = run;
    const stop = (): void => void run.stop();
    signal?.addEventListener('abort', stop, { once: true });
    const { exitCode, failure, log } = await run.ended;
    signal?.removeEventListener('abort', stop);
    if (typeof source !== 'string') source.destroy();
    this.stopIfUnwanted();
    if (exitCode === 0) return;
    const words = log.tail.at(-1) ?? failure?.message ?? 'no reason given';
    if (/No space left on device|Disk quota exceeded/i.test(log.tail.join('\n'))) {
      throw writeError(this.job.path, Object.assign(new Error(words), { code: 'ENOSPC' }));
    }
    throw new FerError(
      'FFMPEG_FAILED',
      `${name}: ffmpeg could not make the overlay (${words}); leave out --overlay to keep the rest`,
      {
        cause: new Error(log.tail.join('\n'), { cause: failure }),
      },
    );
  }

  private stopIfUnwanted(): void {
    if (this.ended || this.job.context.signal?.aborted === true) {
      throw new FerError(
        'INTERRUPTED',
        `${this.job.name}: stopped while the overlay was being encoded; run the same command again to resume`,
      );
    }
  }

  private async videoOptions({ place, path }: { place: 'file' | 'url'; path: string }): Promise<Pass> {
    const { fonts, script, name, ffmpeg, context } = this.job;
    const options = overlayOptions({
      source: await examineSource(place, path, name),
      start: context.range?.start ?? null,
      end: context.range?.end ?? null,
      size: context.scaled === true ? null : this.track.canvas,
      script: script.path,
      fonts,
      frameSync: ffmpeg.frameSync,
    });
    return {
      options: { ...options, input: [...guardOptions(place), ...formatOptions(path), ...options.input] },
      source: inputArgument(place, path),
    };
  }

  private async imageOptions({ paths, rate }: { paths: readonly string[]; rate: number }): Promise<Pass> {
    const { fonts, script, ffmpeg } = this.job;
    // The image at position i was shown at i / rate; those before and after the annotated part are left out.
    const first = this.first === null ? 0 : Math.round(this.first * rate);
    const shown = paths.slice(first, this.first === null ? undefined : Math.round(this.last * rate) + 1);
    const size = await imageVideoSize(shown);
    const optionsFor = isSinglePicture(this.job.context) ? stillOverlayOptions : imageOverlayOptions;
    const options = optionsFor({
      first: first / rate,
      rate,
      size,
      script: script.path,
      fonts,
      frameSync: ffmpeg.frameSync,
    });
    return { options, source: imageFrames(shown, size) };
  }

  private async complete(): Promise<void> {
    try {
      if (!isSinglePicture(this.job.context)) await fixLastFrameDuration(this.video);
      const handle = await open(this.video, 'r+');
      await handle.sync();
      await handle.close();
    } catch (error) {
      throw writeError(this.job.path, error);
    }
  }
}
