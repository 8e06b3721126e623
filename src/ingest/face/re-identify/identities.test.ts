import { describe, expect, it } from 'vitest';
import type { Pose } from '../align/face-quality.js';
import { type Candidate, Identities, OTHER_PERSON, SAME_PERSON } from './identities.js';

const HERE = { x: 0, y: 0, width: 100, height: 100 };
/** An embedding at distance `d` from the origin's, along one axis. */
function face(d: number, axis = 0): Float32Array {
  const embedding = new Float32Array(128);
  embedding[axis] = d;
  return embedding;
}
const look = (d: number, axis = 0, clear = true, pose: Pose = 'frontal'): Candidate => ({
  embedding: face(d, axis),
  pose,
  box: HERE,
  clear,
});
const NOBODY = new Set<number>();

function oneKnown(): Identities {
  const identities = new Identities();
  identities.learn(identities.create(0), face(0), 'frontal', 1);
  return identities;
}

describe('Identities', () => {
  it('re-identifies a face, and tells another from it', () => {
    const [same, other] = oneKnown().identify(
      [look(SAME_PERSON - 0.05), look(OTHER_PERSON + 0.1, 5)],
      NOBODY,
      NOBODY,
      9,
    );
    expect(same).toEqual({ kind: 'known', id: 1 });
    expect(other).toEqual({ kind: 'new' });
  });

  it('leaves it undecided between the two, and for every poor look', () => {
    expect(oneKnown().identify([look((SAME_PERSON + OTHER_PERSON) / 2)], NOBODY, NOBODY, 9)).toEqual([
      { kind: 'undecided', guess: null },
    ]);
    expect(oneKnown().identify([look(1, 0, false)], NOBODY, NOBODY, 9)).toEqual([{ kind: 'undecided', guess: null }]);
  });

  it('never gives the id of a person in the picture, nor one id to two faces', () => {
    expect(oneKnown().identify([look(0)], new Set([1]), NOBODY, 9)).toEqual([{ kind: 'new' }]);
    const [near, nearest] = oneKnown().identify([look(0.3), look(0.1)], NOBODY, NOBODY, 9);
    expect(nearest).toEqual({ kind: 'known', id: 1 });
    expect(near).not.toEqual({ kind: 'known', id: 1 });
  });

  it('re-identifies a face more readily where it was just lost', () => {
    const identities = oneKnown();
    const doubtful = look(SAME_PERSON + 0.05);
    identities.lose(1, HERE, 9);
    expect(identities.identify([doubtful], NOBODY, NOBODY, 9.5)).toEqual([{ kind: 'known', id: 1 }]);
    expect(identities.identify([doubtful], NOBODY, NOBODY, 20)).toEqual([{ kind: 'undecided', guess: 1 }]);
    identities.forgetPlaces();
    expect(identities.identify([doubtful], NOBODY, NOBODY, 9.5)).toEqual([{ kind: 'undecided', guess: 1 }]);
  });

  it('does not take a face seen from another side for another person', () => {
    const turned = (d: number): Candidate => look(d, 0, true, 'left');
    expect(oneKnown().identify([turned(OTHER_PERSON + 0.1)], NOBODY, NOBODY, 9)).toEqual([
      { kind: 'undecided', guess: null },
    ]);
    expect(oneKnown().identify([turned(0.55)], NOBODY, NOBODY, 9)).toEqual([{ kind: 'undecided', guess: 1 }]);
    expect(oneKnown().isSomebodyElse(1, face(OTHER_PERSON + 0.1), 'left')).toBe(false);
    expect(oneKnown().isSomebodyElse(1, face(OTHER_PERSON + 0.1), 'frontal')).toBe(true);
  });

  it('keeps an embedding for each pose, and compares with all of them', () => {
    const identities = oneKnown();
    identities.learn(1, face(0.7, 1), 'left', 1);
    expect(identities.separation(1, face(0.7, 1), 'left')).toEqual({ apart: 0, alike: true });
    expect(identities.separation(1, face(0), 'frontal')).toEqual({ apart: 0, alike: true });
    expect(identities.separation(1, face(0), 'right')).toEqual({ apart: 0, alike: false });
  });

  it('does not guess a person who was in the picture a moment ago', () => {
    const guess = oneKnown().identify([look(SAME_PERSON + 0.05)], NOBODY, new Set([1]), 9);
    expect(guess).toEqual([{ kind: 'undecided', guess: null }]);
  });

  it('remembers a bounded number of people, and forgets the one unseen for longest', () => {
    const identities = oneKnown();
    for (let i = 1; i <= 300; i++) identities.learn(identities.create(i), face(10 + i, i % 100), 'frontal', 1);
    expect(identities.identify([look(0)], NOBODY, NOBODY, 400)).toEqual([{ kind: 'new' }]);
    expect(identities.create(401)).toBe(302);
  });
});
