import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FerError } from '../../../errors/fer-error.js';
import type { FaceNets } from '../../../ingest/face/face-nets.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';
import { cropLength } from '../crops/crop-source.js';
import { CropScratch, cropClip } from '../preprocess/crop-clip.js';
import { cropImage } from '../preprocess/crop-image.js';
import { readFrames } from '../preprocess/read-frames.js';
import { labelAt } from '../sample.js';
import type { Sample } from '../sample.js';
import type { FaceHandling } from './face-handling.js';
import { InMemoryFaces, facesOf } from './face-dataset.js';
import type { FaceDataset, FaceNotes, FaceSample, LabelledFace } from './face-dataset.js';

export interface DetectedFacesOptions {
  readonly geometry: CropGeometry;
  readonly faces: FaceHandling;
  /** Called before the first search for a face; the caller disposes them. */
  readonly nets: () => Promise<FaceNets>;
  /** Called with the number of samples done so far. */
  readonly onSample?: (done: number) => void;
  readonly signal?: AbortSignal;
}

/** Pictures decoded at a time. */
const BATCH = 64;

/**
 * The faces of a data set's samples, found, followed and aligned exactly as `fer dataset prepare` does for training; pictures that are face crops already are
 * taken as they are. All frames of every clip come, with or without a face. Unusable files are noted and skipped, and memory does not grow with the data.
 * @throws FerError INTERRUPTED after `signal`, and what loading the face networks throws
 */
export class DetectedFaces implements FaceDataset {
  readonly notes: FaceNotes = { wholePictures: 0, unreadable: [] };
  private scratch: { readonly folder: string; readonly file: CropScratch } | null = null;

  constructor(
    private readonly samples: readonly Sample[],
    private readonly options: DetectedFacesOptions,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<LabelledFace> {
    const { faces, onSample, signal } = this.options;
    let pending: FaceSample[] = [];
    try {
      for (const [done, sample] of this.samples.entries()) {
        if (signal?.aborted === true)
          throw new FerError('INTERRUPTED', 'evaluation stopped; run it again for the whole');
        if (faces === 'detect' || (sample.kind === 'clip' && sample.frames === null)) {
          // Faces leave in the order of the samples.
          yield* this.asTheyAre(pending);
          pending = [];
          yield* this.detect(sample);
        } else {
          pending.push(...facesOf(sample));
          while (pending.length >= BATCH) yield* this.asTheyAre(pending.splice(0, BATCH));
        }
        onSample?.(done + 1);
      }
      yield* this.asTheyAre(pending);
    } finally {
      await this.close();
    }
  }

  private async *asTheyAre(faces: readonly FaceSample[]): AsyncGenerator<LabelledFace> {
    const decoded = await InMemoryFaces.decode(faces, this.options.geometry);
    this.notes.unreadable.push(...decoded.notes.unreadable);
    yield* decoded;
  }

  private async *detect(sample: Sample): AsyncGenerator<LabelledFace> {
    const onDamage = (message: string): void => void this.notes.unreadable.push({ path: sample.path, message });
    try {
      yield* sample.kind === 'image' ? this.ofImage(sample) : this.ofClip(sample, onDamage);
    } catch (error) {
      const failure = FerError.from(error);
      if (!failure.code.startsWith('INPUT_')) throw error;
      onDamage(failure.message);
    }
  }

  /** The largest face, or the whole image where there is none. */
  private async *ofImage(sample: Sample): AsyncGenerator<LabelledFace> {
    const { geometry, nets, signal } = this.options;
    const { id, label } = sample;
    for await (const { picture } of readFrames(sample, { framesPerSecond: null, signal })) {
      const { origin, crop } = await cropImage(picture!, await nets(), { geometry, noFace: 'whole' });
      if (origin === 'whole') this.notes.wholePictures += 1;
      yield { id, frame: null, timestamp: 0, label, crop: { geometry, data: Float32Array.from(crop!) } };
    }
  }

  /** The face of the main person in every frame, or none. */
  private async *ofClip(sample: Sample, onDamage: (note: string) => void): AsyncGenerator<LabelledFace> {
    const { geometry, nets, signal } = this.options;
    const scratch = await this.openScratch();
    const read = readFrames(sample, { framesPerSecond: null, signal, onDamage });
    const { frames } = await cropClip(read, await nets(), geometry, scratch);
    for (const { index, timestamp, crop } of frames) {
      const face = { id: sample.id, frame: index, timestamp, label: labelAt(sample, index) };
      if (crop === null) yield { ...face, crop };
      else
        for await (const data of scratch.read([crop]))
          yield { ...face, crop: { geometry, data: Float32Array.from(data) } };
    }
  }

  private async openScratch(): Promise<CropScratch> {
    if (this.scratch === null) {
      const folder = await mkdtemp(join(tmpdir(), 'ferstream-'));
      const file = await CropScratch.open(join(folder, 'clip'), cropLength(this.options.geometry));
      this.scratch = { folder, file };
    }
    return this.scratch.file;
  }

  private async close(): Promise<void> {
    await this.scratch?.file.close();
    if (this.scratch !== null) await rm(this.scratch.folder, { recursive: true, force: true });
    this.scratch = null;
  }
}
