import type { Evaluation } from '../train/evaluate/running-metrics.js';
import { textTable } from './progress.js';

/** The results of an evaluation as text. */
export function evaluationLines(evaluation: Evaluation): string[] {
  const {
    count,
    accuracy,
    meanClassAccuracy,
    macroF1,
    expectedCalibrationError,
    labels,
    confusion,
    recall,
    precision,
    f1,
  } = evaluation;
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  return [
    ...textTable(
      ['count', 'accuracy (WAR)', 'mean class accuracy (UAR)', 'macro F1', 'calibration error'],
      [
        [
          String(count),
          percent(accuracy),
          percent(meanClassAccuracy),
          percent(macroF1),
          percent(expectedCalibrationError),
        ],
      ],
    ),
    '',
    ...textTable(
      ['class', 'count', 'predicted', 'recall', 'precision', 'F1'],
      labels.map((label, k) => [
        label,
        String(sum(confusion[k]!)),
        String(sum(confusion.map((row) => row[k]!))),
        percent(recall[label]!),
        percent(precision[label]!),
        percent(f1[label]!),
      ]),
    ),
    '',
    ...textTable(
      ['truth \\ predicted', ...labels],
      labels.map((label, k) => [label, ...confusion[k]!.map(String)]),
    ),
  ];
}

/** 0.4567 as 45.67; "-" where there is nothing to divide by. */
function percent(share: number | null): string {
  return share === null ? '-' : (share * 100).toFixed(2);
}
