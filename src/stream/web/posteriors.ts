import { ambiguity } from '../pipeline/ambiguity.js';
import type { LiveFace } from '../protocol/messages.js';

/** Posteriors of one face, over the model's labels. */
export type Posteriors = Readonly<Record<string, number>>;

/** `face` with other posteriors, and the label and ambiguity that follow from them. */
export function withPosteriors(face: LiveFace, probabilities: Posteriors): LiveFace {
  return {
    ...face,
    probabilities,
    label: ranked(probabilities)[0]?.label ?? face.label,
    ambiguity: ambiguity(Object.values(probabilities)),
  };
}

/** Labels by falling posterior; among equals, in the model's order. */
export function ranked(probabilities: Posteriors): readonly { readonly label: string; readonly probability: number }[] {
  return Object.entries(probabilities)
    .map(([label, probability]) => ({ label, probability }))
    .sort((a, b) => b.probability - a.probability);
}
