import { FerError } from '../../errors/fer-error.js';
import type { ExpressionModel } from '../../model/expression-model.js';
import { canonicalLabel } from '../data/label-maps.js';
import { evaluate } from '../evaluate/evaluate.js';
import { faceId, faceName } from '../data/faces/face-dataset.js';
import type { LabelledFace } from '../data/faces/face-dataset.js';
import type { AuditPictures } from './audit-page.js';
import { auditLabels } from './audit-labels.js';
import type { LabelAudit } from './audit-labels.js';
import { distrustOf, figuresOfEvidence } from './judge-trust.js';
import { evidenceOfLook } from './label-evidence.js';
import type { LabelEvidence } from './label-evidence.js';

export interface ModelAudit {
  readonly audit: LabelAudit;
  /** Labels that the model cannot judge, as it does not know them. */
  readonly unknown: number;
  /** The faces as the model saw them. */
  readonly pictures: AuditPictures;
}

/** Ranks labels by one look at each, of a model that was not trained on them. */
export function auditLook(evidence: readonly LabelEvidence[], labels: readonly string[]): LabelAudit {
  return auditLabels(
    evidence,
    labels,
    shareOfWrong(
      evidence.map(({ given, posteriors }) => posteriors[given]!),
      labels.length,
    ),
    distrustOf(figuresOfEvidence(evidence, 'labels given')),
  );
}

/**
 * Audits labels by one look of a model at each face and its mirror image, whose posteriors are averaged. Only the classes that data and model
 * share are considered.
 * @param crops all cut with `model.crop`
 * @param dataLabels of the data set
 * @throws FerError MODEL_INCOMPATIBLE when they share less than two classes, INTERRUPTED after `signal`, and what `crops` throws
 */
export async function auditWithModel(
  model: ExpressionModel,
  crops: AsyncIterable<LabelledFace> | Iterable<LabelledFace>,
  dataLabels: readonly string[],
  signal?: AbortSignal,
): Promise<ModelAudit> {
  const own = new Map(model.labels.labels.map((label, place) => [canonicalLabel(label), place]));
  const labels = dataLabels.filter((label) => own.has(canonicalLabel(label)));
  if (labels.length < 2) {
    throw new FerError(
      'MODEL_INCOMPATIBLE',
      `the model has the classes ${model.labels.labels.join(', ')}, the data set ${dataLabels.join(', ')}: name a model that shares at least two of them`,
    );
  }
  const places = labels.map((label) => own.get(canonicalLabel(label))!);
  const indexOf = new Map(labels.map((label, index) => [label, index]));
  const evidence: LabelEvidence[] = [];
  let unknown = 0;
  const pictures = new SeenFaces();
  await evaluate(model, pictures.remember(crops), {
    flip: true,
    ...(signal === undefined ? {} : { signal }),
    onPrediction: ({ id, frame, truth, posteriors }) => {
      const given = indexOf.get(truth);
      if (given === undefined) {
        unknown += 1;
        return;
      }
      const shared = Float64Array.from(places, (place) => posteriors[place]!);
      const sum = shared.reduce((a, b) => a + b, 0);
      evidence.push(
        evidenceOfLook(
          faceId({ id, frame }),
          given,
          shared.map((p) => (sum === 0 ? 1 / labels.length : p / sum)),
        ),
      );
    },
  });
  return { audit: auditLook(evidence, labels), unknown, pictures };
}

/** Rounds of the estimate at most, and the change at which it has settled. */
const ROUNDS = 1000;
const SETTLED = 1e-7;

/**
 * The share r of wrong labels that agrees with itself: every label is either right, and has the likelihood p_GT, or drawn from the other classes alike, and has
 * (1 - p_GT) / (C - 1); r is the mean of the probabilities r (1 - p_GT) / (C - 1) / (r (1 - p_GT) / (C - 1) + (1 - r) p_GT) of being wrong. Found by
 * expectation maximisation (Dempster, Laird and Rubin 1977).
 *
 * It counts on posteriors that are as sure as they are right, of a model that has not been trained on these labels: one that has takes the wrong ones for likely.
 * @param truths p_GT [N]
 * @returns 0 without labels
 */
export function shareOfWrong(truths: readonly number[], classCount: number): number {
  let share = 0.1;
  for (let round = 0; round < ROUNDS && truths.length > 0; round += 1) {
    const before = share;
    let sum = 0;
    for (const truth of truths) {
      const wrong = (before * (1 - truth)) / (classCount - 1);
      const right = (1 - before) * truth;
      sum += wrong + right === 0 ? 0 : wrong / (wrong + right);
    }
    share = sum / truths.length;
    if (Math.abs(share - before) < SETTLED) break;
  }
  return truths.length === 0 ? 0 : share;
}

/** Memory limit for pictures; later faces are audited without one. */
const MOST_BYTES = 2 ** 28;

/** Keeps the faces of any source for the page. */
class SeenFaces implements AuditPictures {
  private readonly names = new Map<string, string>();
  private readonly pixels = new Map<string, Uint8Array>();
  private bytes = 0;

  async *remember(faces: AsyncIterable<LabelledFace> | Iterable<LabelledFace>): AsyncGenerator<LabelledFace> {
    for await (const face of faces) {
      const id = faceId(face);
      if (face.frame !== null) this.names.set(id, faceName(face));
      if (face.crop !== null && face.label !== null && this.bytes < MOST_BYTES) {
        this.pixels.set(id, Uint8Array.from(face.crop.data, Math.round));
        this.bytes += face.crop.data.length;
      }
      yield face;
    }
  }

  load(ids: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
    return Promise.resolve(
      new Map(ids.flatMap((id) => (this.pixels.has(id) ? [[id, this.pixels.get(id)!] as const] : []))),
    );
  }

  nameOf(id: string): string {
    return this.names.get(id) ?? id;
  }
}
