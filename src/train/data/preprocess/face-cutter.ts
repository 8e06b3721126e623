import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { FerError } from '../../../errors/fer-error.js';
import type { FaceNets } from '../../../ingest/face/face-nets.js';
import { cropLength } from '../crops/crop-source.js';
import type { Sample } from '../sample.js';
import { CropScratch, cropClip, readScratch, wholeClip } from './crop-clip.js';
import { cropImage } from './crop-image.js';
import type { PrepareSettings } from './prepared-header.js';
import { readFrames } from './read-frames.js';
import type { CropOrigin, PreparedFrame } from './sample-row.js';

/** What is cut out, and how. Can be cloned. */
export interface CutSettings extends PrepareSettings {
  /** Folder for temporary files. */
  readonly scratch: string;
}

/** Crops in memory, or in a file that `cropsOf` removes. Can be cloned. */
type CropStore = readonly Uint8Array[] | { readonly path: string; readonly places: readonly number[] };

/** The faces of a sample. */
export interface CutFaces {
  readonly origin: CropOrigin;
  /** Why it failed, or the damage found; null without a problem. */
  readonly note: string | null;
  /** `crop` counts from the sample's first crop. */
  readonly frames: readonly PreparedFrame[];
  readonly crops: number;
  readonly store: CropStore;
}

/** Cuts out the faces of samples. */
export interface FaceCutter {
  /** Samples worth handing over at a time. */
  readonly width: number;
  /**
   * A sample that cannot be read gives origin "failed".
   * @param onFrame called for each frame: after it, or, where the sample is cut in another thread, at the sample's end
   * @throws FerError INTERRUPTED
   */
  cut(sample: Sample, signal?: AbortSignal, onFrame?: () => void): Promise<CutFaces>;
  close(): Promise<void>;
}

/** Cuts in this thread. */
export class LocalFaceCutter implements FaceCutter {
  readonly width = 1;
  private clips = 0;

  /** @param nets are disposed with the cutter */
  constructor(
    private readonly nets: FaceNets,
    private readonly settings: CutSettings,
  ) {}

  async cut(sample: Sample, signal?: AbortSignal, onFrame: () => void = () => undefined): Promise<CutFaces> {
    try {
      return await (sample.kind === 'clip'
        ? this.cutClip(sample, signal, onFrame)
        : this.cutImage(sample, signal, onFrame));
    } catch (error) {
      if (!isFaultOfInput(error)) throw error;
      return { origin: 'failed', note: error.message.split('\n', 1)[0]!, frames: [], crops: 0, store: [] };
    }
  }

  close(): Promise<void> {
    this.nets.dispose();
    return Promise.resolve();
  }

  /** The face of the main person in every frame, or none. */
  private async cutClip(sample: Sample, signal: AbortSignal | undefined, onFrame: () => void): Promise<CutFaces> {
    const { framesPerSecond, geometry, scratch } = this.settings;
    const damage: string[] = [];
    const read = readFrames(sample, { framesPerSecond, signal, onDamage: (note) => damage.push(note) });
    const path = join(scratch, `clip-${threadId}-${(this.clips += 1)}`);
    const file = await CropScratch.open(path, cropLength(geometry));
    const cropped =
      sample.aligned === true
        ? wholeClip(read, geometry, file, onFrame)
        : cropClip(read, this.nets, geometry, file, onFrame);
    const cutting = cropped.finally(() => file.close());
    const { frames } = await cutting.catch(async (error: unknown) => {
      await rm(path, { force: true });
      throw error;
    });
    const places = frames.flatMap(({ crop }) => (crop === null ? [] : [crop]));
    let next = 0;
    return {
      origin: places.length > 0 ? 'detected' : 'none',
      note: damage[0] ?? null,
      frames: frames.map(({ index, timestamp, crop, flaw }) => ({
        ...{ index, timestamp, crop: crop === null ? null : next++ },
        ...(flaw !== null && { flaw }),
      })),
      crops: places.length,
      store: { path, places },
    };
  }

  private async cutImage(sample: Sample, signal: AbortSignal | undefined, onFrame: () => void): Promise<CutFaces> {
    for await (const { index, timestamp, picture } of readFrames(sample, { framesPerSecond: null, signal })) {
      const { origin, crop, flaw } = await cropImage(picture!, this.nets, this.settings);
      onFrame();
      const store = crop === null ? [] : [crop];
      const frame = { index, timestamp, crop: crop === null ? null : 0, ...(flaw !== null && { flaw }) };
      return { origin, note: null, frames: [frame], crops: store.length, store };
    }
    throw new FerError('INPUT_UNREADABLE', `${sample.id}: contains no picture: check that the file is complete`);
  }
}

/** The crops of a sample, once, in order of time. @param length bytes of a crop */
export async function* cropsOf({ store }: CutFaces, length: number): AsyncGenerator<Uint8Array> {
  if (!('path' in store)) {
    yield* store;
    return;
  }
  try {
    yield* readScratch(store.path, store.places, length);
  } finally {
    await rm(store.path, { force: true });
  }
}

/**
 * Cuts samples, as many at a time as the cutter likes, and yields them in their order.
 * @throws FerError as `FaceCutter.cut`
 */
export async function* cutInOrder(
  cutter: FaceCutter,
  samples: readonly Sample[],
  signal?: AbortSignal,
  onFrame?: () => void,
): AsyncGenerator<{ readonly sample: Sample; readonly cut: CutFaces }> {
  const underWay: Promise<CutFaces>[] = [];
  let next = 0;
  for (const [i, sample] of samples.entries()) {
    while (next < Math.min(samples.length, i + cutter.width)) {
      const cutting = cutter.cut(samples[next++]!, signal, onFrame);
      // Who awaits it gets the error.
      cutting.catch(() => undefined);
      underWay.push(cutting);
    }
    yield { sample, cut: await underWay.shift()! };
  }
}

/** Whether one sample is to blame, and not the machine, the engine or the disk that is written to. */
function isFaultOfInput(error: unknown): error is FerError {
  return error instanceof FerError && (error.code.startsWith('INPUT_') || error.code === 'FFMPEG_FAILED');
}
