import { FerError } from '../../../errors/fer-error.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';
import type { ExpressionModel } from '../../../model/expression-model.js';
import { cropLength } from '../crops/crop-source.js';
import { cropsOf, cutInOrder } from '../preprocess/face-cutter.js';
import type { CutFaces, FaceCutter } from '../preprocess/face-cutter.js';
import { areAlignedClips } from '../formats/manifest.js';
import { labelAt } from '../sample.js';
import type { FaceChoice, FaceHandling, Sample } from '../sample.js';
import { InMemoryFaces, facesOf } from './face-dataset.js';
import type { FaceDataset, FaceNotes, FaceSample, LabelledFace } from './face-dataset.js';

/** @param data FORMAT:DIR */
export async function faceHandling(
  asked: FaceChoice,
  { framing }: Pick<ExpressionModel, 'framing'>,
  data: string,
): Promise<FaceHandling> {
  if (asked !== 'auto') return asked;
  const [, folder] = /^manifest:(.+)$/.exec(data) ?? [];
  const isAligned = folder !== undefined && (await areAlignedClips(folder));
  return framing === 'aligned' && !isAligned ? 'detect' : 'as-is';
}

export interface DetectedFacesOptions {
  readonly geometry: CropGeometry;
  readonly faces: FaceHandling;
  /** Cuts faces of this geometry; called before the first search for a face. The caller closes it. @param samples so many will be searched */
  readonly cutter: (samples: number) => Promise<FaceCutter>;
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

  constructor(
    private readonly samples: readonly Sample[],
    private readonly options: DetectedFacesOptions,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<LabelledFace> {
    const { cutter, onSample, signal } = this.options;
    const searched = this.samples.filter((sample) => this.isSearched(sample));
    const cuts = searched.length === 0 ? null : cutInOrder(await cutter(searched.length), searched, signal);
    let pending: FaceSample[] = [];
    for (const [done, sample] of this.samples.entries()) {
      if (signal?.aborted === true) throw new FerError('INTERRUPTED', 'evaluation stopped: run it again');
      if (this.isSearched(sample)) {
        // Faces leave in the order of the samples.
        yield* this.asTheyAre(pending);
        pending = [];
        const found = await cuts!.next();
        if (found.done !== true) yield* this.facesOf(sample, found.value.cut);
      } else {
        pending.push(...facesOf(sample));
        while (pending.length >= BATCH) yield* this.asTheyAre(pending.splice(0, BATCH));
      }
      onSample?.(done + 1);
    }
    yield* this.asTheyAre(pending);
  }

  private isSearched({ kind, frames }: Sample): boolean {
    return this.options.faces === 'detect' || (kind === 'clip' && frames === null);
  }

  private async *asTheyAre(faces: readonly FaceSample[]): AsyncGenerator<LabelledFace> {
    const decoded = await InMemoryFaces.decode(faces, this.options.geometry);
    this.notes.unreadable.push(...decoded.notes.unreadable);
    yield* decoded;
  }

  /** Of an image the largest face, or the whole image where there is none; of a clip the face of the main person in every frame, or none. */
  private async *facesOf(sample: Sample, cut: CutFaces): AsyncGenerator<LabelledFace> {
    const { geometry } = this.options;
    if (cut.note !== null) this.notes.unreadable.push({ path: sample.path, message: cut.note });
    if (cut.origin === 'whole') this.notes.wholePictures += 1;
    const crops = cropsOf(cut, cropLength(geometry));
    for (const { index, timestamp, crop } of cut.frames) {
      const face =
        sample.kind === 'image'
          ? { id: sample.id, frame: null, timestamp: 0, label: sample.label }
          : { id: sample.id, frame: index, timestamp, label: labelAt(sample, index) };
      const next = crop === null ? null : await crops.next();
      const hasCrop = next !== null && next.done !== true;
      yield { ...face, crop: hasCrop ? { geometry, data: Float32Array.from(next.value) } : null };
    }
    await crops.return(undefined);
  }
}
