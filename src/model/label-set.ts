import { FerError } from '../errors/fer-error.js';

/** Expression names in the order of a network's outputs. */
export class LabelSet {
  private readonly positions: ReadonlyMap<string, number>;

  constructor(
    readonly name: string,
    readonly labels: readonly string[],
  ) {
    this.positions = new Map(labels.map((label, index) => [label, index]));
    if (this.positions.size !== labels.length) {
      throw new FerError('CONFIG_INVALID', `label set "${name}" names a label twice: ${labels.join(', ')}`);
    }
  }

  get size(): number {
    return this.labels.length;
  }

  /** @throws FerError CONFIG_INVALID for a label that is not in the set. */
  indexOf(label: string): number {
    const index = this.positions.get(label);
    if (index === undefined) {
      throw new FerError(
        'CONFIG_INVALID',
        `label "${label}" is not in label set "${this.name}" (${this.labels.join(', ')})`,
      );
    }
    return index;
  }

  has(label: string): boolean {
    return this.positions.has(label);
  }
}

/** The six basic expressions and neutral, in the order of face-api's FaceExpressionNet. */
export const EXPRESSIONS_7 = new LabelSet('expressions-7', [
  'neutral',
  'happiness',
  'sadness',
  'anger',
  'fear',
  'disgust',
  'surprise',
]);

/** FERPlus' eight classes, in FERPlus' order. */
export const EXPRESSIONS_8 = new LabelSet('expressions-8', [
  'neutral',
  'happiness',
  'surprise',
  'sadness',
  'anger',
  'disgust',
  'fear',
  'contempt',
]);
