import type { LiveFace } from '../protocol/messages.js';
import { FaceCard } from './face-card.js';
import type { Timeline } from './timeline.js';

/** More would not be read. */
const MOST = 8;

/** The cards of the faces that are there, or were in the last 30 seconds. */
export class FaceList {
  private readonly cards = new Map<number, FaceCard>();

  constructor(private readonly list: HTMLElement) {}

  update(faces: readonly LiveFace[], timeline: Timeline, labels: readonly string[], now: number): void {
    const present = new Map(faces.map((face) => [face.trackId, face]));
    const shown = timeline.trackIds
      .toSorted((a, b) => Number(present.has(b)) - Number(present.has(a)) || a - b)
      .slice(0, MOST);
    for (const [trackId, card] of this.cards) {
      if (shown.includes(trackId)) continue;
      card.element.remove();
      this.cards.delete(trackId);
    }
    shown.forEach((trackId, place) => {
      const card = this.cards.get(trackId) ?? new FaceCard(trackId, labels);
      this.cards.set(trackId, card);
      if (this.list.children[place] !== card.element)
        this.list.insertBefore(card.element, this.list.children[place] ?? null);
      card.update(present.get(trackId) ?? null, timeline.points(trackId), now);
    });
  }

  clear(): void {
    this.cards.clear();
    this.list.replaceChildren();
  }
}
