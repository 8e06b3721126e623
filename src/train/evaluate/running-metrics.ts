import type { LabelSet } from '../../model/label-set.js';
import { canonicalLabel } from '../data/label-maps.js';
import { classificationMetrics, confusionMatrix, predictedClasses } from '../metrics/classification-metrics.js';
import { expectedCalibrationError, reliabilityBins } from '../metrics/calibration.js';
import type { ReliabilityBin } from '../metrics/calibration.js';

/** How a model did. Rows and columns of `confusion`, and the names of the others, are those of `labels`. */
export interface Evaluation {
  /** Labelled pictures, of clips frames. */
  readonly count: number;
  /** WAR. */
  readonly accuracy: number;
  /** UAR, over the classes that occur in the truth. */
  readonly meanClassAccuracy: number;
  /** Mean F1 over all labels, one that does not occur counting 0, as the ABAW challenge defines it. */
  readonly macroF1: number;
  /** The same over the classes that occur in the truth or among the predictions. */
  readonly macroF1Present: number;
  /** Over 15 bins of the largest posterior. */
  readonly expectedCalibrationError: number;
  /** The model's, then those of the truth that it cannot name. */
  readonly labels: readonly string[];
  /** Labels of the truth that the model cannot name, in the order in which they turned up. */
  readonly missingLabels: readonly string[];
  /** Truths that the model cannot name and that were left out on request; otherwise they are counted above, as wrong. */
  readonly ignoredMissing: number;
  /** confusion[truth][predicted], counts. */
  readonly confusion: readonly (readonly number[])[];
  /** Null for a class that does not occur in the truth. */
  readonly recall: Readonly<Record<string, number | null>>;
  /** Null for a class that was never predicted. */
  readonly precision: Readonly<Record<string, number | null>>;
  /** Null for a class that is neither in the truth nor predicted. */
  readonly f1: Readonly<Record<string, number | null>>;
}

/** Sums up predictions as they come; what it holds does not grow with their number. */
export class RunningMetrics {
  private readonly labels: string[];
  private readonly places: Map<string, number>;
  private readonly missing = new Set<string>();
  private counts: number[][] = [];
  private bins: readonly ReliabilityBin[] = reliabilityBins([], []);
  private ignored = 0;

  /** @param ignoreMissing leave out truths that the model cannot name, instead of counting them as wrong */
  constructor(
    modelLabels: LabelSet,
    private readonly ignoreMissing = false,
  ) {
    this.labels = [...modelLabels.labels];
    this.places = new Map(this.labels.map((label, index) => [canonicalLabel(label), index]));
  }

  /**
   * @param truths labels of the data, in any usual spelling [N]
   * @param posteriors over the model's labels [N][C]
   */
  add(truths: readonly string[], posteriors: readonly ArrayLike<number>[]): void {
    const truth = truths.map((label) => this.placeOf(label)); // -1: left out
    const counts = confusionMatrix(truth, predictedClasses(posteriors), this.labels.length);
    this.counts = counts.map((row, i) => row.map((count, j) => count + (this.counts[i]?.[j] ?? 0)));
    this.bins = reliabilityBins(posteriors, truth).map((bin, b) => merged(this.bins[b]!, bin));
  }

  result(): Evaluation {
    const { labels } = this;
    const confusion = labels.map((_, i) => labels.map((__, j) => this.counts[i]?.[j] ?? 0));
    const { count, accuracy, meanClassAccuracy, macroF1, macroF1Present, recall, precision, f1 } =
      classificationMetrics(confusion);
    const byLabel = (values: readonly (number | null)[]): Record<string, number | null> =>
      Object.fromEntries(labels.map((label, index) => [label, values[index]!]));
    return {
      count,
      accuracy,
      meanClassAccuracy,
      macroF1,
      macroF1Present,
      expectedCalibrationError: expectedCalibrationError(this.bins),
      labels: [...labels],
      missingLabels: [...this.missing],
      ignoredMissing: this.ignored,
      confusion,
      recall: byLabel(recall),
      precision: byLabel(precision),
      f1: byLabel(f1),
    };
  }

  private placeOf(label: string): number {
    const name = canonicalLabel(label);
    const known = this.places.get(name);
    if (known !== undefined) return known;
    this.missing.add(name);
    if (this.ignoreMissing) {
      this.ignored += 1;
      return -1;
    }
    this.places.set(name, this.labels.length);
    return this.labels.push(name) - 1;
  }
}

function merged(a: ReliabilityBin, b: ReliabilityBin): ReliabilityBin {
  const count = a.count + b.count;
  const mean = (x: number | null, y: number | null): number | null =>
    count === 0 ? null : ((x ?? 0) * a.count + (y ?? 0) * b.count) / count;
  return {
    from: a.from,
    to: a.to,
    count,
    confidence: mean(a.confidence, b.confidence),
    accuracy: mean(a.accuracy, b.accuracy),
  };
}
