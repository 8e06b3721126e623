import { EXPRESSIONS_7 } from '../../../model/label-set.js';
import { defineReader } from '../reading/define-reader.js';
import { areNamed, collectNamedImages } from '../reading/layouts.js';

const NAMING = {
  /** Person, expression with the number of the take, number of the picture. */
  pattern: /^(?<subject>[A-Z]{2})[.-](?<code>[A-Z]{2})\d?[.-]\d+\.\w+$/i,
  codes: new Map([
    ['AN', 'anger'],
    ['DI', 'disgust'],
    ['FE', 'fear'],
    ['HA', 'happiness'],
    ['NE', 'neutral'],
    ['SA', 'sadness'],
    ['SU', 'surprise'],
  ]),
  example: 'KA.AN1.39.tiff',
  folds: 10,
};

/** JAFFE: Lyons et al., FG 1998; ten women. No official division: each fold tests one of them. */
export const jaffe = defineReader(
  {
    ...{ name: 'jaffe', title: 'JAFFE', labels: EXPRESSIONS_7, folds: NAMING.folds },
    fits: (folders, root) => areNamed(folders, root, NAMING.pattern),
  },
  (reading) => collectNamedImages(reading, NAMING),
);
