import { FerError } from '../../errors/fer-error.js';
import { EXPRESSIONS_7, EXPRESSIONS_8, LabelSet } from '../../model/label-set.js';
import type { Dataset, Sample } from './sample.js';
import { splitsOf } from './sample.js';

/** How data sets spell what we call by one name. */
const SYNONYMS: Readonly<Record<string, string>> = {
  neutrality: 'neutral',
  'no emotion': 'neutral',
  happy: 'happiness',
  joy: 'happiness',
  joyful: 'happiness',
  sad: 'sadness',
  angry: 'anger',
  fearful: 'fear',
  afraid: 'fear',
  scared: 'fear',
  disgusted: 'disgust',
  disgusting: 'disgust',
  surprised: 'surprise',
  // So spelt in several copies of data sets.
  suprise: 'surprise',
  contemptuous: 'contempt',
  contempts: 'contempt',
};

/** ferstream's name for a label as a data set or a person writes it: "Happy" is "happiness". Unknown names only lose case and margins. */
export function canonicalLabel(name: string): string {
  const plain = name.trim().toLowerCase();
  return Object.hasOwn(SYNONYMS, plain) ? SYNONYMS[plain]! : plain;
}

/** The classes of a data set and what its codes stand for; a code of null is one that the set asks to ignore. */
export interface LabelCoding {
  readonly labels: LabelSet;
  readonly codes: ReadonlyMap<string, string | null>;
}

/** Names in code order, beginning at `first`, as the data set spells them. */
function numbered(name: string, first: number, names: readonly string[], ignored: readonly number[] = []): LabelCoding {
  const labels = names.map(canonicalLabel);
  return {
    labels: new LabelSet(name, labels),
    codes: new Map<string, string | null>([
      ...labels.map((label, index): [string, string] => [String(index + first), label]),
      ...ignored.map((code): [string, null] => [String(code), null]),
    ]),
  };
}

/** -1 marks frames without a label; "other" is a class. */
export const AFF_WILD2 = numbered(
  'aff-wild2',
  0,
  ['neutral', 'anger', 'disgust', 'fear', 'happiness', 'sadness', 'surprise', 'other'],
  [-1],
);
export const DFEW = numbered('dfew', 1, ['happy', 'sad', 'neutral', 'angry', 'surprise', 'disgust', 'fear']);
export const RAF_DB = numbered('raf-db', 1, [
  'surprise',
  'fear',
  'disgust',
  'happiness',
  'sadness',
  'anger',
  'neutral',
]);
export const CK_PLUS = numbered('ck-plus', 0, [
  'neutral',
  'anger',
  'contempt',
  'disgust',
  'fear',
  'happy',
  'sadness',
  'surprise',
]);
export const RAVDESS = numbered('ravdess', 1, [
  'neutral',
  'calm',
  'happy',
  'sad',
  'angry',
  'fearful',
  'disgust',
  'surprised',
]);
/** 8 none, 9 uncertain and 10 no face are not expressions. */
export const AFFECTNET = numbered(
  'affectnet',
  0,
  ['neutral', 'happy', 'sad', 'surprise', 'fear', 'disgust', 'anger', 'contempt'],
  [8, 9, 10],
);

/** As the challenge of 2013 numbers them, and its copies name their folders. */
export const FER2013 = numbered('fer2013', 0, ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral']);

/** FERPlus' vote columns in its own order, which is that of `EXPRESSIONS_8`. */
export const FERPLUS = EXPRESSIONS_8;
export const FERV39K = new LabelSet(
  'ferv39k',
  ['happy', 'sad', 'neutral', 'angry', 'surprise', 'disgust', 'fear'].map(canonicalLabel),
);
export const AFEW = new LabelSet(
  'afew',
  ['angry', 'disgust', 'fear', 'happy', 'neutral', 'sad', 'surprise'].map(canonicalLabel),
);
export const MAFW = new LabelSet('mafw', [
  'anger',
  'disgust',
  'fear',
  'happiness',
  'neutral',
  'sadness',
  'surprise',
  'contempt',
  'anxiety',
  'helplessness',
  'disappointment',
]);
/** CREMA-D writes one letter in its votes and three in its file names. */
export const CREMA_D = new LabelSet('crema-d', ['anger', 'disgust', 'fear', 'happiness', 'neutral', 'sadness']);
export const CREMA_D_CODES: ReadonlyMap<string, string> = new Map([
  ['A', 'anger'],
  ['D', 'disgust'],
  ['F', 'fear'],
  ['H', 'happiness'],
  ['N', 'neutral'],
  ['S', 'sadness'],
  ['ANG', 'anger'],
  ['DIS', 'disgust'],
  ['FEA', 'fear'],
  ['HAP', 'happiness'],
  ['NEU', 'neutral'],
  ['SAD', 'sadness'],
]);

/** The smallest of our own sets that holds all the names; else a new set of just these, in the order given. */
export function labelSetFor(name: string, labels: readonly string[]): LabelSet {
  const known = [EXPRESSIONS_7, EXPRESSIONS_8].find((set) => labels.every((label) => set.has(label)));
  return known ?? new LabelSet(name, [...new Set(labels)]);
}

/**
 * The same data set over another label set, so that sets can be mixed or a model be tested on data it was not trained for. Names that
 * both share stay; `rename` translates others (`{ calm: 'neutral' }`). Images and clips of a class that has no counterpart are
 * left out and counted, single frames of such a class are ignored, and votes are renormalised over the classes that remain.
 * @throws FerError CONFIG_INVALID when `rename` leads to a name that is not in `to`
 */
export function mapLabels(dataset: Dataset, to: LabelSet, rename: Readonly<Record<string, string>> = {}): Dataset {
  const translate = (label: string): string | null => {
    const renamed = Object.hasOwn(rename, label) ? rename[label]! : label;
    return to.has(renamed) ? renamed : null;
  };
  for (const target of Object.values(rename)) {
    if (!to.has(target))
      throw new FerError(
        'CONFIG_INVALID',
        `label map: "${target}" is not in label set "${to.name}" (${to.labels.join(', ')})`,
      );
  }
  const leftOut = { ...dataset.leftOut };
  const samples: Sample[] = [];
  for (const sample of dataset.samples) {
    const label = sample.label === null ? null : translate(sample.label);
    const frameLabels = sample.frameLabels?.map((frame) => (frame === null ? null : translate(frame))) ?? null;
    const isUsed = frameLabels === null ? label !== null : frameLabels.some((frame) => frame !== null);
    if (isUsed) {
      samples.push({
        ...sample,
        label,
        frameLabels,
        softLabel: mapShares(sample.softLabel, dataset.labels, to, translate),
      });
    } else {
      const reason = `no counterpart of "${sample.label ?? 'any frame label'}" in ${to.name}`;
      leftOut[reason] = (leftOut[reason] ?? 0) + 1;
    }
  }
  return {
    ...dataset,
    labels: to,
    samples,
    leftOut,
    splits: splitsOf(samples),
  };
}

function mapShares(
  shares: readonly number[] | null,
  from: LabelSet,
  to: LabelSet,
  translate: (label: string) => string | null,
): readonly number[] | null {
  if (shares === null) return null;
  const mapped = to.labels.map(() => 0);
  from.labels.forEach((label, index) => {
    const target = translate(label);
    if (target !== null) mapped[to.indexOf(target)]! += shares[index]!;
  });
  const total = mapped.reduce((sum, share) => sum + share, 0);
  return total > 0 ? mapped.map((share) => share / total) : null;
}
