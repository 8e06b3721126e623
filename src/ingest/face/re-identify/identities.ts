import { assign } from '../track/assignment.js';
import { embeddingDistance, type FaceEmbedding } from './embedding-net.js';
import { type Box, centerOf, distance, intersectionOverUnion, sizeOf } from '../align/geometry.js';

/** Below this distance from a person's mean embedding a face is that person's (measured: see docs/faces.md). */
export const SAME_PERSON = 0.42;
/** From here on it is somebody else; in between, more looks are needed. */
export const OTHER_PERSON = 0.62;
/** A face that returns within these seconds, near where it was lost, may be farther off than `SAME_PERSON`. */
const RETURN_SECONDS = 1.5;
const RETURN_OVERLAP = 0.2;
/** A face that appears within this many of its sizes from there may be the one that was lost. */
const NEARBY = 2.5;
const RETURNING_PERSON = 0.55;
/** People remembered at most; the one not seen for longest is forgotten first. */
const MOST_PEOPLE = 64;

interface Person {
  readonly id: number;
  mean: Float32Array | null;
  /** Sum of the weights behind `mean`. */
  weight: number;
  /** Where and when the person was lost, while that still says something about where to expect them. */
  lost: { readonly box: Box; readonly time: number } | null;
  lastSeen: number;
}

/** A new face that may be somebody known. */
export interface Candidate {
  readonly embedding: FaceEmbedding;
  readonly box: Box;
  /** Not half hidden, blurred or turned away. Only such a look can tell that somebody is new. */
  readonly clear: boolean;
}

/** Whose face it is: a known person, a new one, or not decidable yet. */
export type Identification =
  { readonly kind: 'known'; readonly id: number } | { readonly kind: 'new' } | { readonly kind: 'undecided' };

/** The people of one video, with the embeddings of their faces. */
export class Identities {
  private readonly people = new Map<number, Person>();
  private nextId = 1;

  /** Somebody not seen before. */
  create(time: number): number {
    const id = this.nextId++;
    this.people.set(id, { id, mean: null, weight: 0, lost: null, lastSeen: time });
    if (this.people.size > MOST_PEOPLE) {
      const [oldest] = [...this.people.values()].sort((a, b) => a.lastSeen - b.lastSeen);
      this.people.delete(oldest!.id);
    }
    return id;
  }

  /** Forgets an id that turned out to be nobody new. */
  discard(id: number): void {
    this.people.delete(id);
  }

  /** Adds an embedding to a person's mean. */
  learn(id: number, embedding: FaceEmbedding, weight: number): void {
    const person = this.people.get(id);
    if (person === undefined) return;
    const mean = (person.mean ??= new Float32Array(embedding.length));
    person.weight += weight;
    for (let i = 0; i < mean.length; i++) mean[i]! += ((embedding[i]! - mean[i]!) * weight) / person.weight;
  }

  /** How far a face is from a person's mean; Infinity when nothing is known of the person. */
  distance(id: number, embedding: FaceEmbedding): number {
    const mean = this.people.get(id)?.mean;
    return mean === null || mean === undefined ? Infinity : embeddingDistance(mean, embedding);
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

  /** After a cut nobody is expected anywhere. */
  forgetPlaces(): void {
    for (const person of this.people.values()) person.lost = null;
  }

  /**
   * Identifies faces that appear together among the people not in the picture. No two get the same id.
   * @param present ids in the picture already
   */
  identify(candidates: readonly Candidate[], present: ReadonlySet<number>, time: number): Identification[] {
    const absent = [...this.people.values()].filter(({ id, mean }) => mean !== null && !present.has(id));
    const distances = candidates.map(({ embedding: embedding }) =>
      absent.map(({ mean }) => embeddingDistance(mean!, embedding)),
    );
    const cost = candidates.map((candidate, row) =>
      absent.map((person, column) => {
        const limit = isReturn(person, candidate.box, time) ? RETURNING_PERSON : SAME_PERSON;
        const apart = distances[row]![column]!;
        // Every match within its limit must be worth more than leaving a face unmatched.
        return apart < limit ? apart - limit : Infinity;
      }),
    );
    const known = new Map(assign(cost));
    return candidates.map(({ clear, box }, row): Identification => {
      const column = known.get(row);
      if (column !== undefined) return { kind: 'known', id: absent[column]!.id };
      // A face that comes out from behind something shows only half at first.
      if (absent.some((person) => isNearby(person, box, time))) return { kind: 'undecided' };
      return distances[row]!.some((apart) => !clear || apart < OTHER_PERSON) ? { kind: 'undecided' } : { kind: 'new' };
    });
  }
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
