import { intersectionOverUnion } from '../../ingest/face/align/geometry.js';
import { Identities } from '../../ingest/face/re-identify/identities.js';
import type { KnownPerson } from '../../ingest/face/re-identify/identities.js';
import type { FrameResult } from '../../stream/pipeline/frame-result.js';

/** Overlap from which two boxes of one frame are the same face: two runs place it alike. */
const SAME_FACE = 0.5;

/**
 * Gives the faces of segments the ids that one run gives them: first by the frames that two segments share, then by the descriptors
 * of the people, with the thresholds of re-identification. Ids are issued in order of appearance.
 */
export class IdJoiner {
  private readonly everybody = new Identities();
  /** Ids of the present segment to those of the whole footage. */
  private joined = new Map<number, number>();
  private people = new Map<number, KnownPerson>();
  /** Frames of the segment before, around the border: boxes by id of the whole footage, by timestamp. */
  private overlap = new Map<number, FrameResult>();
  private votes = new Map<number, Map<number, number>>();
  private largestId = 0;

  /** Begins a segment. @param people seen in it */
  begin(people: readonly KnownPerson[]): void {
    this.joined = new Map();
    this.votes = new Map();
    this.largestId = 0;
    this.people = new Map(people.map((person) => [person.id, person]));
  }

  /** A frame of this segment that the previous one shows too: matches their people. */
  compare(frame: FrameResult): void {
    for (const { trackId } of frame.faces) this.largestId = Math.max(this.largestId, trackId);
    this.vote(frame);
  }

  private vote(frame: FrameResult): void {
    const before = this.overlap.get(frame.timestamp);
    if (before === undefined) return;
    for (const face of frame.faces) {
      const same = before.faces.find(({ box }) => intersectionOverUnion(box, face.box) >= SAME_FACE);
      if (same === undefined) continue;
      const votes = this.votes.get(face.trackId) ?? new Map<number, number>();
      votes.set(same.trackId, (votes.get(same.trackId) ?? 0) + 1);
      this.votes.set(face.trackId, votes);
    }
  }

  /** A frame of the present segment with the ids of the whole footage. */
  rename(frame: FrameResult): FrameResult {
    this.vote(frame);
    return this.renamed(frame, (id) => this.idOf(id, frame));
  }

  /** A frame after the segment's end, which the next segment shows too: no new ids. */
  keep(frame: FrameResult): void {
    const known = { ...frame, faces: frame.faces.filter(({ trackId }) => this.joined.has(trackId)) };
    this.overlap.set(
      frame.timestamp,
      this.renamed(known, (id) => this.joined.get(id)!),
    );
  }

  /** Ends a segment: its people are known from now on. @param since frames before are no longer needed */
  end(since: number): void {
    for (const [id, { views }] of this.people) {
      const global = this.joined.get(id);
      if (global === undefined) continue;
      for (const { pose, mean, weight } of views) this.everybody.learn(global, Float32Array.from(mean), pose, weight);
    }
    for (const time of this.overlap.keys()) if (time < since) this.overlap.delete(time);
  }

  /** Keeps a renamed frame for the comparison with the next segment. */
  remember(frame: FrameResult): void {
    this.overlap.set(frame.timestamp, frame);
  }

  private idOf(id: number, frame: FrameResult): number {
    const known = this.joined.get(id);
    if (known !== undefined) return known;
    const global = this.byOverlap(id) ?? this.byDescriptor(id, frame) ?? this.create(id, frame.timestamp);
    this.joined.set(id, global);
    this.everybody.seen(global, frame.timestamp);
    this.largestId = Math.max(this.largestId, id);
    return global;
  }

  private byOverlap(id: number): number | null {
    const taken = new Set(this.joined.values());
    const votes = [...(this.votes.get(id) ?? [])].filter(([global]) => !taken.has(global));
    return votes.sort(([, a], [, b]) => b - a)[0]?.[0] ?? null;
  }

  private byDescriptor(id: number, { timestamp, faces }: FrameResult): number | null {
    const best = [...(this.people.get(id)?.views ?? [])].sort((a, b) => b.weight - a.weight)[0];
    if (best === undefined) return null;
    const taken = new Set(this.joined.values());
    const { box } = faces.find(({ trackId }) => trackId === id)!;
    const candidate = { embedding: Float32Array.from(best.mean), pose: best.pose, box, clear: true };
    const [identification] = this.everybody.identify([candidate], taken, taken, timestamp);
    if (identification!.kind === 'known') return identification!.id;
    return identification!.kind === 'undecided' ? identification!.guess : null;
  }

  /** In a single run, ids of faces that turn out to be known people leave gaps: leave the same ones here. */
  private create(id: number, time: number): number {
    for (let gap = this.largestId + 1; gap < id; gap += 1) this.everybody.discard(this.everybody.create(time));
    return this.everybody.create(time);
  }

  private renamed(frame: FrameResult, idOf: (id: number) => number): FrameResult {
    const faces = frame.faces.map((face) => ({ ...face, trackId: idOf(face.trackId) }));
    return { ...frame, faces: faces.sort((a, b) => a.trackId - b.trackId) };
  }
}
