import { FerError } from '../../../errors/fer-error.js';
import type { CropGeometry } from '../../../model/crop-geometry.js';
import { fitCrops } from '../crops/crop-source.js';
import type { CropSource } from '../crops/crop-source.js';
import type { Prepared } from '../preprocess/open-prepared.js';
import { describeCrops, facesOf, withPixels } from './face-dataset.js';
import type { FaceNotes, FaceSample, IndexedFaces, LabelledFace } from './face-dataset.js';

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
