import type { FfmpegBinary } from '../../ingest/ffmpeg/binaries.js';
import type { FrameResult } from '../pipeline/frame-result.js';
import type { RunMetadata, RunOutcome } from './run-metadata.js';

/** Takes the results of one input, frame by frame in order. Await each call before the next. */
export interface ResultWriter {
  /** @throws FerError OUTPUT_UNWRITABLE */
  write(result: FrameResult): Promise<void>;
  /** Completes every file, then gives all of them their final names. */
  finish(outcome: RunOutcome): Promise<void>;
  /** Gives up: nothing is left behind, not even temporaries. May be called at any time, also while `finish` runs; harmless after it. */
  abort(): Promise<void>;
}

/** A writer whose end has two phases, so that several outputs can appear together or not at all. */
export interface StagedWriter {
  write(result: FrameResult): Promise<void>;
  /** The output is complete on the disk, under a temporary name. */
  prepare(outcome: RunOutcome): Promise<void>;
  /** The output gets its final name. */
  commit(): Promise<void>;
  abort(): Promise<void>;
}

/** What a format may need to know beyond the results. */
export interface OutputContext {
  /** What ffmpeg can read a second time for the overlay (absolute path or URL, the image folder for images); null for stdin. */
  readonly sourcePath: string | null;
  /** The images of an image folder, absolute, in the order of their frames; null or absent for other sources. */
  readonly imagePaths?: readonly string[] | null;
  /** Absent: what `findFfmpeg` finds. */
  readonly ffmpeg?: Pick<FfmpegBinary, 'path' | 'frameSync'>;
  /** The part that was annotated, in seconds of the source's presentation time (`--start`, `--end`); null or absent is open. */
  readonly range?: { readonly start: number | null; readonly end: number | null };
  /** True when the frames were scaled for the annotation (`--width`), so that the source's own size is another. */
  readonly scaled?: boolean;
  /** Stops an overlay that is being made: `finish` then throws FerError INTERRUPTED. */
  readonly signal?: AbortSignal;
}

/** One output format. */
export interface OutputFormat {
  /** As in `--format`. */
  readonly name: string;
  /** Follows the output base name: ".csv". */
  readonly ending: string;
  /** One line for a person choosing a format. */
  readonly summary: string;
  /**
   * @param path final path of the file, in an existing folder.
   * @throws FerError OUTPUT_UNWRITABLE, and for the overlay CONFIG_INVALID or FFMPEG_MISSING.
   */
  open(path: string, metadata: RunMetadata, context: OutputContext): Promise<StagedWriter>;
}
