import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FerError } from '../../../errors/fer-error.js';
import { writeError } from '../../../files/write-error.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';
import type { ExpressionModel } from '../../../model/expression-model.js';
import { describeCrops, fitCrops } from '../crops/crop-source.js';
import type { CropSource } from '../crops/crop-source.js';
import { openDataset } from '../formats/registry.js';
import type { FaceCutter } from '../preprocess/face-cutter.js';
import { openCutter } from '../preprocess/open-cutter.js';
import type { CutterOptions } from '../preprocess/open-cutter.js';
import { openPrepared, preparedFolder, readPrepared } from '../preprocess/read-prepared.js';
import type { Prepared } from '../preprocess/read-prepared.js';
import type { Dataset, FaceChoice, Sample, Split } from '../sample.js';
import { faceHandling, DetectedFaces } from './detected-faces.js';
import { InMemoryFaces, facesOf, withPixels } from './face-dataset.js';
import type { FaceDataset, FaceNotes, FaceSample, IndexedFaces, LabelledFace } from './face-dataset.js';

/**
 * The faces of a prepared data set, frames without one included: what was found when it was prepared. Crops stay on disk; larger ones than the
 * network wants are made smaller when they are read.
 */
export class PreparedFaces implements IndexedFaces {
  readonly crops: CropSource;
  readonly places: readonly (number | null)[];

  /** @throws FerError MODEL_INCOMPATIBLE when the crops were cut another way than the network wants them */
  constructor(
    readonly faces: readonly FaceSample[],
    crops: CropSource,
    geometry: CropGeometry,
    readonly notes: FaceNotes = { wholePictures: 0, unreadable: [] },
    private readonly onSample: (done: number) => void = () => undefined,
  ) {
    const fitted = fitCrops(crops, geometry);
    if (fitted === null) {
      throw new FerError(
        'MODEL_INCOMPATIBLE',
        `the data are prepared as ${describeCrops(crops.geometry)}, the network wants ${describeCrops(geometry)}: prepare them with "--size ${geometry.size}${geometry.channels === 1 ? '' : ' --colour'}" into another folder, or use a network for those crops`,
      );
    }
    this.crops = fitted;
    this.places = faces.map(({ source }) => source as number | null);
  }

  /**
   * All faces of a prepared folder.
   * @param onSample called with the number of samples with a crop that are done
   */
  static of({ all, crops }: Prepared, geometry: CropGeometry, onSample?: (done: number) => void): PreparedFaces {
    // An image without a crop was left out when the data were prepared; a clip without any still has frames to answer for.
    const used = all.filter((sample) => sample.crops > 0 || sample.kind === 'clip');
    const notes = {
      wholePictures: used.filter(({ origin }) => origin === 'whole').length,
      unreadable: used.flatMap(({ path, id, note }) =>
        note === null ? [] : [{ path: `${path} (${id})`, message: note }],
      ),
    };
    return new PreparedFaces(used.flatMap(facesOf), crops, geometry, notes, onSample);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LabelledFace> {
    let [done, id, hasCrop] = [0, '', false];
    const endSample = (): void => {
      if (hasCrop) this.onSample((done += 1));
      hasCrop = false;
    };
    for await (const face of withPixels(this)) {
      if (face.id !== id) endSample();
      id = face.id;
      hasCrop ||= face.crop !== null;
      yield face;
    }
    endSample();
  }
}

/** A part of a data set, to test a model on. */
export interface SplitOf {
  /** FORMAT:DIR */
  readonly data: string;
  readonly split: Split;
  readonly fold?: number;
  /** A file that says what class words mean. */
  readonly labels?: string;
}

export interface FacesOptions extends CutterOptions {
  /** Sees the faces. */
  readonly model: Pick<ExpressionModel, 'crop' | 'framing'>;
  readonly faces: FaceChoice;
  /** Only these samples: [first, end), as `samplesOf` counts them. */
  readonly range?: readonly [first: number, end: number];
  /** Called with the number of samples done so far. */
  readonly onSample?: (done: number) => void;
  readonly signal?: AbortSignal;
}

/** The samples of a split; all of them without splits. @throws FerError INPUT_NOT_FOUND if there are none */
export async function openSplit({ data, split, fold, labels }: SplitOf): Promise<Dataset> {
  const own = { ...(fold !== undefined && { fold }), ...(labels !== undefined && { labels }) };
  const part = await openDataset(data, { split, ...own });
  const dataset = part.unsplit === true && split !== 'train' ? await openDataset(data, own) : part;
  if (dataset.samples.length > 0) return dataset;
  const why =
    dataset.problems.length > 0
      ? `${dataset.problems.length} of its files are missing or rows unreadable`
      : 'the data set has none';
  throw new FerError(
    'INPUT_NOT_FOUND',
    `${data}: no samples in the ${split} split (${why}); give another --split, or look with fer dataset check`,
  );
}

/** The samples of a split, with those of a prepared set that have no crop. @param dataset of `openSplit` */
export async function samplesOf(dataset: Dataset, { data, split }: SplitOf): Promise<readonly Sample[]> {
  const folder = preparedFolder(data);
  return folder === null
    ? dataset.samples
    : (await readPrepared(folder, dataset.unsplit === true ? undefined : split)).all;
}

/** Opens the faces of a split, and closes them when `work` is done. @param dataset of `openSplit` */
export async function withFaces<T>(
  dataset: Dataset,
  { data, split }: SplitOf,
  { model, faces: choice, backend, workers, range = [0, Infinity], onSample, signal }: FacesOptions,
  work: (faces: FaceDataset) => Promise<T>,
): Promise<T> {
  const handling = await faceHandling(choice, model, data);
  const opened: FaceCutter[] = [];
  const folder = preparedFolder(data);
  const prepared = folder === null ? null : await openPrepared(folder, dataset.unsplit === true ? {} : { split });
  try {
    const faces =
      prepared === null
        ? new DetectedFaces(dataset.samples.slice(...range), {
            geometry: model.crop,
            faces: handling,
            cutter: async (samples) => {
              const scratch = await mkdtemp(join(tmpdir(), 'ferstream-')).catch((error: unknown) => {
                throw writeError(tmpdir(), error);
              });
              const settings = { geometry: model.crop, framesPerSecond: null, noFace: 'whole', scratch } as const;
              const { cutter } = await openCutter(settings, samples, { backend, workers });
              opened.push(cutter);
              return cutter;
            },
            ...(onSample && { onSample }),
            ...(signal && { signal }),
          })
        : PreparedFaces.of({ ...prepared, all: prepared.all.slice(...range) }, model.crop, onSample);
    return await work(faces);
  } finally {
    await prepared?.close();
    await Promise.all(opened.map((cutter) => cutter.close()));
  }
}

/**
 * Faces whose crops are read in any order, as training needs them: prepared crops stay on disk, image files are decoded as they are.
 * @param prepared the crops of a prepared data set; null for any other
 * @throws FerError MODEL_INCOMPATIBLE when prepared crops were cut another way than the network wants them, CONFIG_INVALID for more than 1 GiB of images
 */
export async function indexFaces(
  faces: readonly FaceSample[],
  geometry: CropGeometry,
  prepared: CropSource | null,
  onRead?: (done: number, total: number) => void,
): Promise<IndexedFaces> {
  return prepared === null
    ? InMemoryFaces.decode(faces, geometry, onRead)
    : new PreparedFaces(faces, prepared, geometry);
}
