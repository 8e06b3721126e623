import { type Box, centerOf, distance, intersectionOverUnion, sizeOf } from '../align/geometry.js';
import { assign } from '../track/match.js';
import { embeddingDistance, type FaceEmbedding } from './embedding-net.js';
import { type Pose, POSES } from '../align/face-quality.js';

/** Below this distance to a person's embedding a face is that person's: 99 % of looks at one person, and none at two (film clips, group photos). */
export const SAME_PERSON = 0.42;
/** From this distance, seen from the same side, it is another person; in between, more looks are needed. */
export const OTHER_PERSON = 0.62;
/** The same where the two were seen from different sides, which alone sets a person's embeddings apart. */
const OTHER_PERSON_TURNED = 0.8;
/** The best guess where no further look decides: a known person below these distances, else a new one. */
const GUESS = 0.5;
const GUESS_TURNED = 0.58;
/** A face that returns within these seconds, near where it was lost, may be farther off than `SAME_PERSON`. */
const RETURN_SECONDS = 1.5;
const RETURN_OVERLAP = 0.2;
/** A face that appears within this many of its sizes from there may be the one that was lost. */
const NEARBY = 2.5;
const RETURNING_PERSON = 0.55;
/** People remembered at most; the one not seen for longest is forgotten first. */
const MOST_PEOPLE = 256;

/** The mean of a person's embeddings in one pose. */
interface View {
  readonly mean: Float32Array;
  /** Sum of the weights behind `mean`. */
  weight: number;
}

interface Person {
  readonly id: number;
  readonly views: Map<Pose, View>;
  /** Where and when the person was lost, while that still says something about where to expect them. */
  lost: { readonly box: Box; readonly time: number } | null;
  lastSeen: number;
}

/** What is known of a person: enough to recognise them in other footage. */
export interface KnownPerson {
  readonly id: number;
  readonly views: readonly { readonly pose: Pose; readonly mean: FaceEmbedding; readonly weight: number }[];
}

/** A new face, possibly of a known person. */
export interface Candidate {
  readonly embedding: FaceEmbedding;
  readonly pose: Pose;
  readonly box: Box;
  /** Not half hidden, blurred or turned away. Only such a look can show that a person is new. */
  readonly clear: boolean;
}

/**
 * Whose face it is: a known person, a new one, or undecided; then `guess` is the likeliest person,
 * null for a new one.
 */
export type Identification =
  | { readonly kind: 'known'; readonly id: number }
  | { readonly kind: 'new' }
  | { readonly kind: 'undecided'; readonly guess: number | null };

/** How far a face is from a person. */
export interface Separation {
  /** To the nearest view; Infinity when the person has none. */
  readonly apart: number;
  /** The person is known in the face's own pose: only then does a large distance tell two people apart. */
  readonly alike: boolean;
}

/** The people of one video, with the embeddings of their faces in each pose. */
export class Identities {
  private readonly people = new Map<number, Person>();
  private nextId = 1;

  /** A person not seen before. */
  create(time: number): number {
    const id = this.nextId++;
    this.people.set(id, { id, views: new Map(), lost: null, lastSeen: time });
    if (this.people.size > MOST_PEOPLE) {
      const [oldest] = [...this.people.values()].sort((a, b) => a.lastSeen - b.lastSeen);
      this.people.delete(oldest!.id);
    }
    return id;
  }

  /** All remembered people. */
  get known(): KnownPerson[] {
    return [...this.people.values()].map(({ id, views }) => ({
      id,
      views: [...views].map(([pose, { mean, weight }]) => ({ pose, mean, weight })),
    }));
  }

  /** Forgets an id that turned out to be a known person. */
  discard(id: number): void {
    this.people.delete(id);
  }

  /** Adds an embedding to a person's mean in this pose. */
  learn(id: number, embedding: FaceEmbedding, pose: Pose, weight: number): void {
    const person = this.people.get(id);
    if (person === undefined) return;
    const view = person.views.get(pose);
    if (view === undefined) {
      person.views.set(pose, { mean: Float32Array.from(embedding), weight });
      return;
    }
    view.weight += weight;
    for (let i = 0; i < view.mean.length; i++)
      view.mean[i]! += ((embedding[i]! - view.mean[i]!) * weight) / view.weight;
  }

  knows(id: number, pose: Pose): boolean {
    return this.people.get(id)?.views.has(pose) ?? false;
  }

  separation(id: number, embedding: FaceEmbedding, pose: Pose): Separation {
    const person = this.people.get(id);
    return person === undefined ? { apart: Infinity, alike: false } : separate(person, embedding, pose);
  }

  /** True when a face is certainly not this person's. */
  isSomebodyElse(id: number, embedding: FaceEmbedding, pose: Pose): boolean {
    const separation = this.separation(id, embedding, pose);
    return Number.isFinite(separation.apart) && isOther(separation);
  }

  /** True when a face is more likely another known person's: surely that one's, and not surely this one's. */
  isRatherAnother(id: number, embedding: FaceEmbedding, pose: Pose): boolean {
    const isSurely = (other: number): boolean => this.separation(other, embedding, pose).apart < SAME_PERSON;
    return !isSurely(id) && [...this.people.keys()].some((other) => other !== id && isSurely(other));
  }

  seen(id: number, time: number): void {
    const person = this.people.get(id);
    if (person === undefined) return;
    person.lastSeen = time;
    person.lost = null;
  }

  /** @param box null after a cut: then the place says nothing */
  lose(id: number, box: Box | null, time: number): void {
    const person = this.people.get(id);
    if (person !== undefined) person.lost = box === null ? null : { box, time };
  }

  /** After a cut no person is expected at any place. */
  forgetPlaces(): void {
    for (const person of this.people.values()) person.lost = null;
  }

  /**
   * Identifies faces that appear together among the people not in the picture. No two get the same id.
   * @param present ids in the picture already
   * @param expected ids in the picture, or hidden there a moment ago: no guess names them
   */
  identify(
    candidates: readonly Candidate[],
    present: ReadonlySet<number>,
    expected: ReadonlySet<number>,
    time: number,
  ): Identification[] {
    const absent = [...this.people.values()].filter(({ id, views }) => views.size > 0 && !present.has(id));
    const separations = candidates.map(({ embedding, pose }) =>
      absent.map((person) => separate(person, embedding, pose)),
    );
    const known = matchWithin(separations, (row, column) =>
      isReturn(absent[column]!, candidates[row]!.box, time) ? RETURNING_PERSON : SAME_PERSON,
    );
    const taken = new Set(known.values());
    const guesses = matchWithin(separations, (row, column) => {
      if (known.has(row) || taken.has(column) || expected.has(absent[column]!.id)) return -Infinity;
      return separations[row]![column]!.alike ? GUESS : GUESS_TURNED;
    });
    return candidates.map(({ clear, box }, row): Identification => {
      const column = known.get(row);
      if (column !== undefined) return { kind: 'known', id: absent[column]!.id };
      // A face that comes out from behind something shows only half at first.
      const returns = absent.some((person) => isNearby(person, box, time));
      const certain = separations[row]!.every((separation) => clear && isOther(separation));
      if (!returns && certain) return { kind: 'new' };
      const guess = guesses.get(row);
      return { kind: 'undecided', guess: guess === undefined ? null : absent[guess]!.id };
    });
  }
}

/** The assignment of faces to people within a limit of distance for each pair, by row. */
function matchWithin(
  separations: readonly (readonly Separation[])[],
  limitOf: (row: number, column: number) => number,
): Map<number, number> {
  const cost = separations.map((row, i) =>
    row.map(({ apart }, j) => {
      const limit = limitOf(i, j);
      // Every match within its limit must be worth more than leaving a face unmatched.
      return apart < limit ? apart - limit : Infinity;
    }),
  );
  return new Map(assign(cost));
}

function separate({ views }: Person, embedding: FaceEmbedding, pose: Pose): Separation {
  let apart = Infinity;
  for (const name of POSES) {
    const view = views.get(name);
    if (view !== undefined) apart = Math.min(apart, embeddingDistance(view.mean, embedding));
  }
  return { apart, alike: views.has(pose) };
}

/** True when two looks certainly show different people. */
export function isOtherFace(
  a: Pick<Candidate, 'embedding' | 'pose'>,
  b: Pick<Candidate, 'embedding' | 'pose'>,
): boolean {
  return isOther({ apart: embeddingDistance(a.embedding, b.embedding), alike: a.pose === b.pose });
}

function isOther({ apart, alike }: Separation): boolean {
  return apart >= (alike ? OTHER_PERSON : OTHER_PERSON_TURNED);
}

function isNearby({ lost }: Person, box: Box, time: number): boolean {
  if (lost === null || time - lost.time >= RETURN_SECONDS) return false;
  return distance(centerOf(lost.box), centerOf(box)) < NEARBY * sizeOf(box);
}

function isReturn(person: Person, box: Box, time: number): boolean {
  return (
    person.lost !== null &&
    time - person.lost.time < RETURN_SECONDS &&
    intersectionOverUnion(person.lost.box, box) > RETURN_OVERLAP
  );
}
