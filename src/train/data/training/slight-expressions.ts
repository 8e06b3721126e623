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
   * @returns the share of its own label, 1 if unchanged
   */
  async apply(data: Float32Array, label: number, random: SeededRandom): Promise<number> {
    const { probability, least, neutral } = this.options;
    if (label === neutral || this.neutral.length === 0 || random.next() >= probability) return 1;
    const share = least + (0.85 - least) * random.next();
    const rest = await this.mostSimilar(data, random);
    const [own, other] = [moments(data), moments(rest)];
    const gain = own.deviation / Math.max(1, other.deviation);
    for (let i = 0; i < data.length; i += 1)
      data[i] = share * data[i]! + (1 - share) * ((rest[i]! - other.mean) * gain + own.mean);
    return share ** KEPT_POWER;
  }

  private async mostSimilar(data: Float32Array, random: SeededRandom): Promise<Uint8Array> {
    const chosen = Array.from({ length: CANDIDATES }, () => this.neutral[random.int(this.neutral.length)]!.crop);
    const missing = [...new Set(chosen.filter((crop) => !this.thumbnails.has(crop)))];
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
    for (const crop of chosen) {
      const far = distance(own, this.thumbnails.get(crop)!);
      if (far < nearest) [best, nearest] = [crop, far];
    }
    return this.crops.read([best]);
  }
}
