import type { EpochRecord } from '../train/records/epoch-tables.js';

/** A finished epoch as one line. */
export function epochLine(
  { epoch, loss, trainAccuracy, validation, seconds, samplesPerSecond }: EpochRecord,
  epochs: number,
  isBest: boolean,
): string {
  const judged =
    validation === null
      ? ''
      : `  validation: loss ${validation.loss.toFixed(3)}, WAR ${percent(validation.accuracy)}, UAR ${percent(validation.meanClassAccuracy)}, F1 ${percent(validation.macroF1)}`;
  return `epoch ${epoch}/${epochs}  loss ${loss.toFixed(4)}, accuracy ${percent(trainAccuracy)}${judged}  ${seconds.toFixed(0)} s, ${samplesPerSecond.toFixed(0)} samples/s${isBest ? '  best' : ''}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
