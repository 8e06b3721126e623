import { FerError } from '../errors/fer-error.js';

/**
 * Checks posteriors once per batch: a damaged checkpoint or engine must not end as results.
 * @param posteriors [n][C]
 * @throws FerError MODEL_BROKEN for NaN or infinity
 */
export function requireFinite(posteriors: readonly ArrayLike<number>[], model: string): void {
  for (const row of posteriors) {
    for (let k = 0; k < row.length; k += 1) {
      if (!Number.isFinite(row[k]))
        throw new FerError(
          'MODEL_BROKEN',
          `model ${model} computes values that are not numbers; its checkpoint is damaged or did not train: use another one`,
        );
    }
  }
}
