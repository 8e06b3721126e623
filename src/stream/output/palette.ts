/** A colour as "RRGGBB". */
export type Colour = string;

/**
 * Colours that people with any of the common colour-vision deficiencies can tell apart (Okabe and Ito,
 * https://jfly.uni-koeln.de/color/), given to the expressions so that the ones most easily confused lie far apart.
 * Neutral is light grey: it should not shout. The label is always written as well, so colour never stands alone.
 */
const EXPRESSION_COLOURS: Readonly<Record<string, Colour>> = {
  neutral: 'DDDDDD',
  happiness: 'F0E442',
  sadness: '56B4E9',
  anger: 'D55E00',
  fear: 'CC79A7',
  disgust: '009E73',
  surprise: 'E69F00',
  contempt: '0072B2',
};

const SPARE_COLOURS = Object.values(EXPRESSION_COLOURS).slice(1);

/** The colour of an expression; a label of another label set always gets the same one of these colours. */
export function expressionColour(label: string): Colour {
  return EXPRESSION_COLOURS[label] ?? SPARE_COLOURS[sumOfCodes(label) % SPARE_COLOURS.length]!;
}

function sumOfCodes(text: string): number {
  let sum = 0;
  for (const character of text) sum += character.codePointAt(0)!;
  return sum;
}
