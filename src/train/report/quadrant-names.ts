import type { Quadrant } from '../losses/naw-ambiguity.js';

/** What the places of the plane are called, and what lies there. */
export const QUADRANT_NAMES: Readonly<Record<Quadrant, { readonly name: string; readonly meaning: string }>> = {
  'clear-agreed': { name: 'Clear & agreed', meaning: 'the network gives the label, and nothing else comes near' },
  'ambiguous-agreed': {
    name: 'Ambiguous & agreed',
    meaning: 'the label leads, another class follows closely or no class is likely',
  },
  'ambiguous-disagreed': {
    name: 'Ambiguous & disagreed',
    meaning: 'another class leads, not by far: hard, or mixed expressions',
  },
  'confident-disagreed': {
    name: 'Confident & disagreed',
    meaning: 'the network is sure of another class: likely label noise',
  },
};
