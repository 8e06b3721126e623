import type { LiveFace } from '../protocol/messages.js';
import { FaceCard } from './face-card.js';
import type { Scene } from './stage.js';
import type { Timeline } from './timeline.js';

/** Cards shown; more would not be read. */
const MAX_CARDS = 8;

/** The cards of faces that are in the picture, or were in the last 30 seconds. */
export class FaceList {
  private readonly cards = new Map<number, FaceCard>();

  constructor(private readonly list: HTMLElement) {}

  /** @param scene what is shown now @param now seconds */
  update(scene: Scene, timeline: Timeline, labels: readonly string[], now: number): void {
    const present = new Map(scene.faces.map((face) => [face.trackId, face]));
    const shown = timeline.trackIds
      .toSorted((a, b) => Number(present.has(b)) - Number(present.has(a)) || a - b)
      .slice(0, MAX_CARDS);
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
      this.updateCard(card, present.get(trackId) ?? null, scene, timeline, now);
    });
  }

  clear(): void {
    this.cards.clear();
    this.list.replaceChildren();
  }

  private updateCard(card: FaceCard, face: LiveFace | null, scene: Scene, timeline: Timeline, now: number): void {
    card.update(face, timeline.points(card.trackId), now);
    if (face !== null) card.showPicture(face, scene);
  }
}
