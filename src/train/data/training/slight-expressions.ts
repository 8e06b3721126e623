import { distance, moments, thumbnail } from '../../augment/pixel.js';
import type { SeededRandom } from '../../util/seeded-random.js';
import { cropLength } from '../crops/crop-source.js';
import type { CropSource } from '../crops/crop-source.js';

/** Data of a face to train on. */
interface NeutralFace {
  /** Place in the crop source. */
  readonly crop: number;
  /** Class index. */
  readonly label: number;
  /** What teachers see in it. [D] */
  readonly teacherFeatures?: Float32Array;
}

/** How a face was mixed. */
export interface Mix {
  /** Share of its own pixels. */
  readonly share: number;
  /** Share of its own label. */
  readonly kept: number;
  readonly rest: NeutralFace;
}

export interface SlightOptions {
  readonly probability: number;
  /** Smallest share of the expressive face in the mixture. */
  readonly least: number;
  /** Class index of the face at rest. */
  readonly neutral: number;
}

/** Neutral faces among which the most similar one is taken. */
const CANDIDATES = 24;
/** An expression mixed with this much of rest is still mostly itself: people name slight expressions, too. */
const KEPT_POWER = 0.6;

/** Faces moved toward rest: mixed with a similar neutral face, so that slight expressions are seen in training. */
export class SlightExpressions {
  private readonly neutral: readonly NeutralFace[];
  private readonly thumbnails = new Map<number, Float32Array>();

  constructor(
    private readonly crops: CropSource,
    samples: readonly NeutralFace[],
    private readonly options: SlightOptions,
  ) {
    this.neutral = samples.filter(({ label }) => label === options.neutral);
  }

  /**
   * Changes a picture in place.
   * @param data [S, S, C]
   * @returns null if unchanged
   */
  async apply(data: Float32Array, label: number, random: SeededRandom): Promise<Mix | null> {
    const { probability, least, neutral } = this.options;
    if (label === neutral || this.neutral.length === 0 || random.next() >= probability) return null;
    const share = least + (0.85 - least) * random.next();
    const rest = await this.mostSimilar(data, random);
    const pixels = await this.crops.read([rest.crop]);
    const [own, other] = [moments(data), moments(pixels)];
    const gain = own.deviation / Math.max(1, other.deviation);
    for (let i = 0; i < data.length; i += 1)
      data[i] = share * data[i]! + (1 - share) * ((pixels[i]! - other.mean) * gain + own.mean);
    return { share, kept: share ** KEPT_POWER, rest };
  }

  private async mostSimilar(data: Float32Array, random: SeededRandom): Promise<NeutralFace> {
    const chosen = Array.from({ length: CANDIDATES }, () => this.neutral[random.int(this.neutral.length)]!);
    const missing = [...new Set(chosen.map(({ crop }) => crop).filter((crop) => !this.thumbnails.has(crop)))];
    if (missing.length > 0) {
      const length = cropLength(this.crops.geometry);
      const pictures = await this.crops.read(missing);
      missing.forEach((crop, i) =>
        this.thumbnails.set(
          crop,
          thumbnail(
            pictures.subarray(i * length, (i + 1) * length),
            this.crops.geometry.size,
            this.crops.geometry.channels,
          ),
        ),
      );
    }
    const own = thumbnail(data, this.crops.geometry.size, this.crops.geometry.channels);
    let [best, nearest] = [chosen[0]!, Infinity];
    for (const face of chosen) {
      const far = distance(own, this.thumbnails.get(face.crop)!);
      if (far < nearest) [best, nearest] = [face, far];
    }
    return best;
  }
}
