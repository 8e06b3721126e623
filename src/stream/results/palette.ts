/** A colour as "RRGGBB". */
export type Colour = string;

/**
 * Colours that remain distinct with common colour-vision deficiencies (Okabe and Ito, https://jfly.uni-koeln.de/color/), assigned so
 * that easily confused expressions differ most. Neutral is light grey, to stay in the background. The label is always written too.
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

/** Colour of unsure faces. */
export const UNSURE_COLOUR: Colour = 'C3C9D1';

const SPARE_COLOURS = Object.values(EXPRESSION_COLOURS).slice(1);

/** The colour of an expression; a label of another label set always gets the same one of them. */
export function expressionColour(label: string): Colour {
  return EXPRESSION_COLOURS[label] ?? SPARE_COLOURS[sumOfCodes(label) % SPARE_COLOURS.length]!;
}

function sumOfCodes(text: string): number {
  let sum = 0;
  for (const character of text) sum += character.codePointAt(0)!;
  return sum;
}
