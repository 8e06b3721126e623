import { describe, expect, it } from 'vitest';
import { Identities, OTHER_PERSON, SAME_PERSON } from './identities.js';

const HERE = { x: 0, y: 0, width: 100, height: 100 };
/** A embedding at distance `d` from the origin's, along one axis. */
function face(d: number, axis = 0): Float32Array {
  const embedding = new Float32Array(128);
  embedding[axis] = d;
  return embedding;
}
const look = (d: number, axis = 0, clear = true) => ({ embedding: face(d, axis), box: HERE, clear });
const NOBODY = new Set<number>();

function oneKnown(): Identities {
  const identities = new Identities();
  identities.learn(identities.create(0), face(0), 1);
  return identities;
}

describe('Identities', () => {
  it('knows a face again, and tells another from it', () => {
    const [same, other] = oneKnown().identify([look(SAME_PERSON - 0.05), look(OTHER_PERSON + 0.1, 5)], NOBODY, 9);
    expect(same).toEqual({ kind: 'known', id: 1 });
    expect(other).toEqual({ kind: 'new' });
  });

  it('leaves the matter open between the two, and for every poor look', () => {
    expect(oneKnown().identify([look((SAME_PERSON + OTHER_PERSON) / 2)], NOBODY, 9)).toEqual([{ kind: 'undecided' }]);
    expect(oneKnown().identify([look(1, 0, false)], NOBODY, 9)).toEqual([{ kind: 'undecided' }]);
  });

  it('never gives the id of somebody in the picture, nor one id to two faces', () => {
    expect(oneKnown().identify([look(0)], new Set([1]), 9)).toEqual([{ kind: 'new' }]);
    const [near, nearest] = oneKnown().identify([look(0.3), look(0.1)], NOBODY, 9);
    expect(nearest).toEqual({ kind: 'known', id: 1 });
    expect(near).not.toEqual({ kind: 'known', id: 1 });
  });

  it('believes more readily in somebody who comes back where they were just lost', () => {
    const identities = oneKnown();
    const doubtful = look(SAME_PERSON + 0.05);
    identities.lose(1, HERE, 9);
    expect(identities.identify([doubtful], NOBODY, 9.5)).toEqual([{ kind: 'known', id: 1 }]);
    expect(identities.identify([doubtful], NOBODY, 20)).toEqual([{ kind: 'undecided' }]);
    identities.forgetPlaces();
    expect(identities.identify([doubtful], NOBODY, 9.5)).toEqual([{ kind: 'undecided' }]);
  });

  it('remembers a bounded number of people: the one not seen for longest is forgotten', () => {
    const identities = oneKnown();
    for (let i = 1; i <= 200; i++) identities.learn(identities.create(i), face(10 + i, i % 100), 1);
    expect(identities.identify([look(0)], NOBODY, 300)).toEqual([{ kind: 'new' }]);
    expect(identities.create(301)).toBe(202);
  });
});
