import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FerError } from '../../../errors/fer-error.js';
import { loadFaceNets } from '../../../ingest/index.js';
import type { FaceNets } from '../../../ingest/index.js';
import { throwIfAborted } from '../../../ingest/interruption.js';
import { cropLength } from '../crops/crop-source.js';
import { contentKey, fileHash, filesOf } from '../content.js';
import type { Dataset, Sample } from '../sample.js';
import { CropScratch } from './crop-scratch.js';
import { cropClip } from './prepare-clip.js';
import { cropImage } from './prepare-image.js';
import { headerFor } from './prepared-header.js';
import { readFrames } from './read-frames.js';
import { countOrigins } from './sample-row.js';
import type { OriginCounts } from './sample-row.js';
import { prepareSettings } from './settings.js';
import type { PrepareSettings } from './settings.js';
import { StoreWriter } from './store-writer.js';
import type { UnplacedRow } from './store-writer.js';

const SCRATCH_FILE = 'clip.tmp';

export interface PrepareOptions extends Partial<PrepareSettings> {
  /** Stops after the frame at work; samples that are done are kept. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PrepareProgress) => void;
}

export interface PrepareProgress {
  /** Samples that a former run had done. */
  readonly resumed: number;
  /** Samples done, those included. */
  readonly done: number;
  readonly total: number;
  /** Frames read in this run, images included. */
  readonly frames: number;
}

export interface PrepareSummary {
  readonly samples: number;
  /** Samples that a former run had done. */
  readonly resumed: number;
  readonly crops: number;
  readonly counts: OriginCounts;
  /** Samples that could not be read, and those that were read with damage. */
  readonly failures: readonly { readonly id: string; readonly reason: string }[];
  readonly damaged: readonly { readonly id: string; readonly note: string }[];
}

/**
 * Finds, aligns and cuts out the faces of a data set once, for any number of training runs: see docs/prepare.md for the folder it writes. A run
 * that was stopped or killed is taken up where it was; where all is done, nothing happens. A sample that cannot be read is noted and passed over.
 * An engine must be open.
 *
 * @throws FerError CONFIG_INVALID when the folder holds crops of other data or settings, OUTPUT_UNWRITABLE, WEIGHTS_MISSING, INTERRUPTED
 */
export async function prepareDataset(
  dataset: Dataset,
  folder: string,
  { signal, onProgress, ...given }: PrepareOptions = {},
): Promise<PrepareSummary> {
  const settings = prepareSettings(given);
  const { samples } = dataset;
  if (samples.some((sample) => sample.content !== undefined)) {
    throw new FerError('CONFIG_INVALID', `${dataset.name}: is prepared already: name the data set itself`);
  }
  const writer = await StoreWriter.open(folder, headerFor(dataset, settings));
  try {
    const resumed = writer.rows.length;
    if (resumed < samples.length) {
      const bench = await Preprocessor.open(folder, settings);
      try {
        let frames = 0;
        const report = (): void => onProgress?.({ resumed, done: writer.rows.length, total: samples.length, frames });
        report();
        for (const sample of samples.slice(resumed)) {
          throwIfAborted(signal, dataset.name);
          const { row, crops } = await bench.prepare(sample, signal, () => {
            frames += 1;
            report();
          });
          await writer.append(row, crops);
          report();
        }
      } finally {
        await bench.close();
      }
    }
    await writer.complete();
    return {
      samples: samples.length,
      resumed,
      crops: writer.crops,
      counts: countOrigins(writer.rows),
      failures: writer.rows.flatMap(({ id, origin, note }) =>
        origin === 'failed' ? [{ id, reason: note ?? '' }] : [],
      ),
      damaged: writer.rows.flatMap(({ id, origin, note }) =>
        origin !== 'failed' && note !== null ? [{ id, note }] : [],
      ),
    };
  } finally {
    await writer.close();
  }
}

interface PreparedCrops {
  readonly row: UnplacedRow;
  readonly crops: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** All that is needed for cutting faces out, opened once for all samples. */
class Preprocessor {
  /** Of videos: several samples may be stretches of one. */
  private readonly hashes = new Map<string, Promise<string>>();

  private constructor(
    private readonly settings: PrepareSettings,
    private readonly nets: FaceNets,
    private readonly scratch: CropScratch,
    private readonly scratchPath: string,
  ) {}

  static async open(folder: string, settings: PrepareSettings): Promise<Preprocessor> {
    const path = join(folder, SCRATCH_FILE);
    return new Preprocessor(
      settings,
      await loadFaceNets(),
      await CropScratch.open(path, cropLength(settings.geometry)),
      path,
    );
  }

  async close(): Promise<void> {
    this.nets.dispose();
    await this.scratch.close();
    await rm(this.scratchPath, { force: true });
  }

  async prepare(sample: Sample, signal: AbortSignal | undefined, onFrame: () => void): Promise<PreparedCrops> {
    const content = await this.contentOf(sample);
    try {
      return await this.cut(sample, content, signal, onFrame);
    } catch (error) {
      if (!isFaultOfInput(error)) throw error;
      return {
        row: rowOf(sample, { content, origin: 'failed', note: oneLine(error.message), crops: 0, frames: [] }),
        crops: [],
      };
    }
  }

  private async cut(
    sample: Sample,
    content: string | null,
    signal: AbortSignal | undefined,
    onFrame: () => void,
  ): Promise<PreparedCrops> {
    const { framesPerSecond, geometry } = this.settings;
    const damage: string[] = [];
    const read = readFrames(sample, { framesPerSecond, signal, onDamage: (note) => damage.push(note) });
    if (sample.kind === 'clip') {
      const { frames } = await cropClip(read, this.nets, geometry, this.scratch, onFrame);
      const places = frames.flatMap(({ crop }) => (crop === null ? [] : [crop]));
      let next = 0;
      const placed = frames.map((frame) => ({ ...frame, crop: frame.crop === null ? null : next++ }));
      const outcome = {
        content,
        origin: places.length > 0 ? 'detected' : 'none',
        note: damage[0] ?? null,
        crops: places.length,
        frames: placed,
      } as const;
      return { row: rowOf(sample, outcome), crops: this.scratch.read(places) };
    }
    for await (const { index, timestamp, picture } of read) {
      const { origin, crop } = await cropImage(picture!, this.nets, this.settings);
      onFrame();
      const frames = [{ index, timestamp, crop: crop === null ? null : 0 }];
      return {
        row: rowOf(sample, { content, origin, note: null, crops: crop === null ? 0 : 1, frames }),
        crops: crop === null ? [] : [crop],
      };
    }
    throw new FerError('INPUT_UNREADABLE', `${sample.id}: holds no picture: check that the file is whole`);
  }

  private async contentOf(sample: Sample): Promise<string | null> {
    try {
      const own: string[] = [];
      for (const path of filesOf(sample))
        own.push(await (sample.kind === 'clip' && sample.frames === null ? this.hashOnce(path) : fileHash(path)));
      return contentKey(sample, own);
    } catch {
      return null;
    }
  }

  private hashOnce(path: string): Promise<string> {
    const known = this.hashes.get(path) ?? fileHash(path);
    this.hashes.set(path, known);
    return known;
  }
}

type Outcome = Pick<UnplacedRow, 'content' | 'origin' | 'note' | 'crops' | 'frames'>;

function rowOf(sample: Sample, outcome: Outcome): UnplacedRow {
  const { id, kind, split, label, softLabel, contested, subject, frameLabels } = sample;
  const labels = frameLabels === null ? null : outcome.frames.map(({ index }) => labelAt(sample, index));
  return {
    id,
    kind,
    split,
    label,
    softLabel,
    ...(contested && { contested }),
    subject,
    frameLabels: labels,
    ...outcome,
  };
}

/** Whether one sample is to blame, and not the machine, the engine or the disk that is written to. */
function isFaultOfInput(error: unknown): error is FerError {
  return error instanceof FerError && (error.code.startsWith('INPUT_') || error.code === 'FFMPEG_FAILED');
}

function oneLine(message: string): string {
  return message.split('\n', 1)[0]!;
}
