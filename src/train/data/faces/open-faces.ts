import { FerError } from '../../../errors/fer-error.js';
import { loadFaceNets } from '../../../ingest/face/face-nets.js';
import type { FaceNets } from '../../../ingest/face/face-nets.js';
import type { OpenSession } from '../../../model/sessions/network.js';
import type { ExpressionModel } from '../../../model/expression-model.js';
import { openDataset } from '../formats/registry.js';
import type { Dataset, Split } from '../sample.js';
import { openPrepared, preparedFolder } from '../preprocess/open-prepared.js';
import { DetectedFaces, faceHandling } from './detected-faces.js';
import type { FaceChoice } from './detected-faces.js';
import type { FaceDataset, FaceSample, IndexedFaces } from './face-dataset.js';
import { InMemoryFaces } from './in-memory-faces.js';
import { PreparedFaces } from './prepared-faces.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';
import type { CropSource } from '../crops/crop-source.js';

/** A part of a data set, to test a model on. */
export interface SplitOf {
  /** FORMAT:DIR */
  readonly data: string;
  readonly split: Split;
  readonly fold?: number;
  /** A file that says what class words mean. */
  readonly labels?: string;
}

export interface FacesOptions {
  /** Sees the faces. */
  readonly model: Pick<ExpressionModel, 'crop' | 'framing'>;
  readonly faces: FaceChoice;
  /** Opens the face networks; on the current TensorFlow.js engine by default. */
  readonly open?: OpenSession;
  /** Called with the number of samples done so far. */
  readonly onSample?: (done: number) => void;
  readonly signal?: AbortSignal;
}

/** The samples of a split; all of them where the data have no splits. @throws FerError INPUT_NOT_FOUND where there are none */
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

/** Opens the faces of a split, and closes them when `work` is done. The engine must be open. @param dataset of `openSplit` */
export async function withFaces<T>(
  dataset: Dataset,
  { data, split }: SplitOf,
  { model, faces: choice, open, onSample, signal }: FacesOptions,
  work: (faces: FaceDataset) => Promise<T>,
): Promise<T> {
  const handling = await faceHandling(choice, model, data);
  let nets: Promise<FaceNets> | null = null;
  const folder = preparedFolder(data);
  const prepared = folder === null ? null : await openPrepared(folder, dataset.unsplit === true ? {} : { split });
  try {
    const faces =
      prepared === null
        ? new DetectedFaces(dataset.samples, {
            geometry: model.crop,
            faces: handling,
            nets: () => (nets ??= loadFaceNets(open ? { open } : {})),
            ...(onSample && { onSample }),
            ...(signal && { signal }),
          })
        : PreparedFaces.of(prepared, model.crop, onSample);
    return await work(faces);
  } finally {
    await prepared?.close();
    (await (nets as Promise<FaceNets> | null))?.dispose();
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
