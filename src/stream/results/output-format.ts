import { dirname, relative, resolve } from 'node:path';
import { AtomicFile } from '../../files/atomic-file.js';
import type { FfmpegBinary } from '../../ingest/ffmpeg/binaries.js';
import { isS3Address } from '../../storage/s3.js';
import type { FrameResult } from '../pipeline/frame-result.js';
import type { RunMetadata, RunOutcome } from './annotation-schema.js';

/** The names of all output formats, in the order in which to present them. Apart from the formats, so that `fer --help` need not load them. */
export const FORMAT_NAMES = [
  'jsonl',
  'csv',
  'parquet',
  'segments',
  'segments-parquet',
  'summary',
  'html',
  'vtt',
  'srt',
  'ass',
  'elan',
  'textgrid',
  'overlay',
] as const;

export type FormatName = (typeof FORMAT_NAMES)[number];

/** Takes the results of one input, frame by frame in order. Await each call before the next. */
export interface OutputWriters {
  /** The files that `finish` completes. */
  readonly paths: readonly string[];
  /** @throws FerError OUTPUT_UNWRITABLE */
  write(result: FrameResult): Promise<void>;
  /** Completes all files, then gives them their final names. */
  finish(outcome: RunOutcome): Promise<void>;
  /** Leaves nothing behind, not even temporaries. May be called at any time, also during `finish`; harmless after it. */
  abort(): Promise<void>;
}

/** A writer with a two-phase end, so that several outputs appear together or not at all. */
export interface StagedWriter {
  write(result: FrameResult): Promise<void>;
  /** The output is complete on the disk, under a temporary name. */
  prepare(outcome: RunOutcome): Promise<void>;
  /** The output gets its final name. */
  commit(): Promise<void>;
  abort(): Promise<void>;
}

/** Context of a format beyond the results. */
export interface OutputContext {
  /** Where the overlay can read the source a second time (absolute path or URL); null for stdin. */
  readonly sourcePath: string | null;
  /** True if no path leads from the outputs to the footage: they will be uploaded, or another file has its name. */
  readonly isUnlinked?: boolean;
  /** Absolute paths of the images of a folder, in frame order; null or absent for other sources. */
  readonly imagePaths?: readonly string[] | null;
  /** Default: from `findFfmpeg`. */
  readonly ffmpeg?: Pick<FfmpegBinary, 'path' | 'frameSync'>;
  /** The annotated part in seconds of presentation time; null or absent is open. */
  readonly range?: { readonly start: number | null; readonly end: number | null };
  /** True if frames were scaled before annotation, so that the source's own size differs. */
  readonly scaled?: boolean;
  /** Stops the encoding of an overlay: `finish` then throws FerError INTERRUPTED. */
  readonly signal?: AbortSignal;
}

/** One output format. */
export interface OutputFormat {
  /** As in `--format`. */
  readonly name: string;
  /** Follows the output base name: ".csv". */
  readonly ending: string;
  /** The ending for this input, where it is another one. */
  endingFor?(context: OutputContext): string;
  /** One line for the user. */
  readonly summary: string;
  /**
   * @param path final path of the file, in an existing folder.
   * @throws FerError OUTPUT_UNWRITABLE, and for the overlay CONFIG_INVALID or FFMPEG_MISSING.
   */
  open(path: string, metadata: RunMetadata, context: OutputContext): Promise<StagedWriter>;
}

/** The text of one output, part by part. */
interface TextWriter {
  readonly header?: string;
  /** Text that became final with this frame; may be empty. */
  frame(result: FrameResult): string;
  /** The rest. */
  end?(outcome: RunOutcome): string;
}

/** A format whose output is one text file, written as the results come. */
export function textFormat(
  description: Pick<OutputFormat, 'name' | 'ending' | 'summary'>,
  begin: (metadata: RunMetadata, path: string, context: OutputContext) => TextWriter,
): OutputFormat {
  return {
    ...description,
    async open(path, metadata, context) {
      const writer = begin(metadata, path, context);
      const { header = '' } = writer;
      const file = await AtomicFile.open(path);
      try {
        await file.write(header);
      } catch (error) {
        await file.abort();
        throw error;
      }
      return {
        write: (result) => file.write(writer.frame(result)),
        async prepare(outcome) {
          if (writer.end !== undefined) await file.write(writer.end(outcome));
          await file.prepare();
        },
        commit: () => file.commit(),
        abort: () => file.abort(),
      };
    },
  };
}

/**
 * Where an output can find the footage: a URL relative to its own folder, or the URL that was annotated; null if it is not a single file, or
 * nothing leads there.
 * @param from path of the output
 */
export function mediaLink(
  { kind, name }: RunMetadata['input'],
  from: string,
  { sourcePath, isUnlinked = false }: OutputContext,
): string | null {
  if (isS3Address(name)) return null; // no browser reads it
  if (kind === 'url') return name;
  if (kind !== 'file' || isUnlinked) return null;
  // Footage that was found elsewhere than where it was annotated is linked where it is now.
  return relativeUrl(from, sourcePath ?? name);
}

/** The way from a file to another, as a URL. */
export function relativeUrl(from: string, to: string): string {
  const parts = relative(dirname(resolve(from)), resolve(to))
    .split(/[\\/]/)
    .map(encodeURIComponent);
  return parts[0] === '..' ? parts.join('/') : `./${parts.join('/')}`;
}
