import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FerError } from '../../../errors/fer-error.js';
import { loadFaceNets } from '../../../ingest/face/face-nets.js';
import type { FaceNets } from '../../../ingest/face/face-nets.js';
import { cropLength } from '../crops/crop-source.js';
import { contentKey, fileHash, filesOf } from '../content.js';
import { labelAt } from '../sample.js';
import type { Sample } from '../sample.js';
import { CropScratch, cropClip } from './crop-clip.js';
import { cropImage } from './crop-image.js';
import { readFrames } from './read-frames.js';
import type { PrepareSettings } from './prepared-header.js';
import type { UnplacedRow } from './store-writer.js';

const SCRATCH_FILE = 'clip.tmp';

/** A sample's row and the crops that go with it. */
export interface PreparedRow {
  readonly row: UnplacedRow;
  readonly crops: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** Cuts out the faces of samples with one set of networks: finds, aligns, and describes each sample by a row. */
export class Preprocessor {
  /** Cache by video: several samples may be stretches of one. */
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

  async prepare(sample: Sample, signal: AbortSignal | undefined, onFrame: () => void): Promise<PreparedRow> {
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
  ): Promise<PreparedRow> {
    const { framesPerSecond, geometry } = this.settings;
    const damage: string[] = [];
    const read = readFrames(sample, { framesPerSecond, signal, onDamage: (note) => damage.push(note) });
    if (sample.kind === 'clip') {
      const { frames } = await cropClip(read, this.nets, geometry, this.scratch, onFrame);
      const places = frames.flatMap(({ crop }) => (crop === null ? [] : [crop]));
      let next = 0;
      const placed = frames.map(({ index, timestamp, crop, flaw }) => ({
        ...{ index, timestamp, crop: crop === null ? null : next++ },
        ...(flaw !== null && { flaw }),
      }));
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
      const { origin, crop, flaw } = await cropImage(picture!, this.nets, this.settings);
      onFrame();
      const frames = [{ index, timestamp, crop: crop === null ? null : 0, ...(flaw !== null && { flaw }) }];
      return {
        row: rowOf(sample, { content, origin, note: null, crops: crop === null ? 0 : 1, frames }),
        crops: crop === null ? [] : [crop],
      };
    }
    throw new FerError('INPUT_UNREADABLE', `${sample.id}: contains no picture: check that the file is complete`);
  }

  private async contentOf(sample: Sample): Promise<string | null> {
    if (sample.content !== undefined) return sample.content;
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
  // In the order in which they are read in samples.jsonl.
  return {
    ...{ id, kind, split, label, frameLabels: labels, softLabel },
    ...(contested && { contested }),
    subject,
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
