import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FerError } from '../../../errors/fer-error.js';
import type { FaceNets } from '../../../ingest/index.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';
import { cropLength } from '../crops/crop-source.js';
import type { Sample } from '../sample.js';
import { CropScratch } from '../preprocess/crop-scratch.js';
import { cropClip } from '../preprocess/prepare-clip.js';
import { cropImage } from '../preprocess/prepare-image.js';
import { readFrames } from '../preprocess/read-frames.js';
import type { CropNotes } from './crop-notes.js';
import type { LabelledCrop } from './labelled-crop.js';

/** Finds, follows and aligns faces exactly as `fer dataset prepare` does for training. */
export class FoundFaces {
  private scratch: { readonly folder: string; readonly file: CropScratch } | null = null;

  /** @param nets asked for before the first search; stay the caller's */
  constructor(
    private readonly geometry: CropGeometry,
    private readonly nets: () => Promise<FaceNets>,
    private readonly notes: CropNotes,
  ) {}

  /**
   * The largest face of an image, and the image as a whole where there is none; of a clip the face of its main person in every frame, or none.
   * @throws FerError INTERRUPTED, and what loading the networks throws; a file that cannot be read is noted
   */
  async *of(sample: Sample, signal?: AbortSignal): AsyncGenerator<LabelledCrop, void, undefined> {
    const onDamage = (message: string): void => void this.notes.unreadable.push({ path: sample.path, message });
    try {
      yield* sample.kind === 'image' ? this.ofImage(sample, signal) : this.ofClip(sample, onDamage, signal);
    } catch (error) {
      const failure = FerError.from(error);
      if (!failure.code.startsWith('INPUT_')) throw error;
      onDamage(failure.message);
    }
  }

  async close(): Promise<void> {
    await this.scratch?.file.close();
    if (this.scratch !== null) await rm(this.scratch.folder, { recursive: true, force: true });
    this.scratch = null;
  }

  private async *ofImage(sample: Sample, signal: AbortSignal | undefined): AsyncGenerator<LabelledCrop> {
    const { geometry } = this;
    for await (const { picture } of readFrames(sample, { framesPerSecond: null, signal })) {
      const { origin, crop } = await cropImage(picture!, await this.nets(), { geometry, noFace: 'whole' });
      if (origin === 'whole') this.notes.wholePictures += 1;
      yield {
        id: sample.id,
        frame: null,
        timestamp: 0,
        truth: sample.label,
        crop: { geometry, data: Float32Array.from(crop!) },
      };
    }
  }

  private async *ofClip(
    sample: Sample,
    onDamage: (note: string) => void,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<LabelledCrop> {
    const { id, label, frameLabels } = sample;
    const { geometry } = this;
    const scratch = await this.openScratch();
    const { frames } = await cropClip(
      readFrames(sample, { framesPerSecond: null, signal, onDamage }),
      await this.nets(),
      geometry,
      scratch,
    );
    for (const { index, timestamp, crop } of frames) {
      const row = { id, frame: index, timestamp, truth: frameLabels === null ? label : (frameLabels[index] ?? null) };
      if (crop === null) yield { ...row, crop };
      else
        for await (const data of scratch.read([crop]))
          yield { ...row, crop: { geometry, data: Float32Array.from(data) } };
    }
  }

  private async openScratch(): Promise<CropScratch> {
    if (this.scratch === null) {
      const folder = await mkdtemp(join(tmpdir(), 'ferstream-'));
      this.scratch = { folder, file: await CropScratch.open(join(folder, 'clip'), cropLength(this.geometry)) };
    }
    return this.scratch.file;
  }
}
