import { EXPRESSIONS_7 } from '../../../model/label-set.js';
import { defineReader } from '../reading/define-reader.js';
import { areNamed, collectNamedImages } from '../reading/layouts.js';

const NAMING = {
  /** Session (A or B), person (F01 to M35), expression, angle: full or half left, straight, half or full right. */
  pattern: /^[AB](?<subject>[FM]\d\d)(?<code>AF|AN|DI|HA|NE|SA|SU)(?:FL|HL|S|HR|FR)\.\w+$/i,
  codes: new Map([
    ['AF', 'fear'],
    ['AN', 'anger'],
    ['DI', 'disgust'],
    ['HA', 'happiness'],
    ['NE', 'neutral'],
    ['SA', 'sadness'],
    ['SU', 'surprise'],
  ]),
  example: 'AF01ANS.JPG',
  folds: 10,
};

/** KDEF: Lundqvist, Flykt and Öhman, 1998; 70 people, two sessions, five angles. No official division: people are assigned to ten folds. */
export const kdef = defineReader(
  {
    ...{ name: 'kdef', title: 'KDEF', labels: EXPRESSIONS_7, folds: NAMING.folds },
    fits: (folders, root) => areNamed(folders, root, NAMING.pattern),
  },
  (reading) => collectNamedImages(reading, NAMING),
);
