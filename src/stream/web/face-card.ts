import type { LiveFace } from '../protocol/messages.js';
import { expressionColour } from '../results/palette.js';
import { setText } from './dom.js';
import { isAmbiguous, labelText, percent, ranked } from './posteriors.js';
import type { Posteriors } from './posteriors.js';
import type { Scene } from './stage.js';
import { TIMELINE_SECONDS, drawTimeline, pointAt, timelineText } from './timeline.js';
import type { Timeline, TimelinePoint } from './timeline.js';

/** Seconds between two text descriptions of the timeline. */
const DESCRIBE_EVERY = 1;
/** Seconds between two sortings of the bars: rows that jump are hard to read. */
const SORT_EVERY = 0.5;
/** Shares below this show as 0 %. */
const ZERO = 0.005;
const ROW_HEIGHT = 23;
const THUMBNAIL = 92;
/** Part of the face's height added around it in the thumbnail. */
const MARGIN = 0.18;
/** Seconds that an arrow key moves along the timeline. */
const KEY_STEP = 0.5;

interface Row {
  readonly item: HTMLElement;
  readonly fill: HTMLElement;
  readonly value: HTMLElement;
}

/** One face in the list: its picture, its current expressions as bars, and its last 30 seconds. */
class FaceCard {
  readonly element = make('li', 'face');
  private readonly thumbnail = make('canvas', 'thumbnail');
  private readonly leader = make('p', 'leader');
  private readonly trust = make('span', 'trust');
  private readonly rows = new Map<string, Row>();
  private readonly timeline = make('canvas', '');
  private readonly tip = make('p', 'tip');
  /** Seconds before now that pointer or keys are at; null without them. */
  private cursor: number | null = null;
  private describedAt = -Infinity;
  private sortedAt = -Infinity;

  constructor(
    readonly trackId: number,
    private readonly labels: readonly string[],
  ) {
    this.element.dataset['face'] = String(trackId);
    Object.assign(this.thumbnail, { width: THUMBNAIL, height: THUMBNAIL });
    this.thumbnail.setAttribute('aria-hidden', 'true');
    const heading = make('h3', '');
    heading.textContent = `Face ${trackId}`;
    const header = make('header', '');
    header.append(this.thumbnail, heading, this.trust, this.leader);
    const bars = make('ul', 'bars');
    bars.style.setProperty('--rows', String(labels.length));
    labels.forEach((label, place) => {
      bars.append(this.row(label, place));
    });
    const box = make('div', 'timeline');
    this.timeline.setAttribute('role', 'img');
    this.timeline.tabIndex = 0;
    this.tip.hidden = true;
    box.append(this.timeline, this.tip);
    this.element.append(header, bars, box);
    this.followCursor();
  }

  /** @param face null while it is not in the picture @param now seconds */
  update(face: LiveFace | null, points: readonly TimelinePoint[], now: number): void {
    const trust = face?.trust ?? 'sure';
    this.element.classList.toggle('away', face === null);
    this.element.classList.toggle('unsure', trust !== 'sure');
    setText(this.leader, face === null ? 'Not in the picture' : labelText(face));
    this.leader.classList.toggle('ambiguous', face !== null && isAmbiguous(face));
    this.trust.hidden = trust === 'sure';
    setText(this.trust, trust);
    if (face !== null) {
      this.describe(face);
      this.sort(face.probabilities, now);
    }
    for (const [label, { item, fill, value }] of this.rows) {
      const share = face?.probabilities[label] ?? 0;
      item.classList.toggle('zero', share < ZERO);
      fill.style.width = `${100 * share}%`;
      fill.hidden = share < ZERO;
      setText(value, face === null ? '' : percent(share));
      value.dataset['share'] = String(share);
    }
    this.drawTimeline(points, now);
  }

  /** Copies the face out of the picture. */
  showPicture(face: LiveFace, { picture, size, mirrored }: Scene): void {
    if (picture === null) return;
    const { x, y, width, height } = face.box;
    const side = Math.max(width, height) * (1 + 2 * MARGIN);
    const own = picture as { readonly width?: unknown };
    const scale = typeof own.width === 'number' ? own.width / size.width : 1;
    const context = this.thumbnail.getContext('2d')!;
    context.clearRect(0, 0, THUMBNAIL, THUMBNAIL);
    context.setTransform(mirrored ? -1 : 1, 0, 0, 1, mirrored ? THUMBNAIL : 0, 0);
    context.drawImage(
      picture,
      (x + width / 2 - side / 2) * scale,
      (y + height / 2 - side / 2) * scale,
      side * scale,
      side * scale,
      0,
      0,
      THUMBNAIL,
      THUMBNAIL,
    );
    context.resetTransform();
  }

  private describe({ box, label, ambiguity }: LiveFace): void {
    Object.assign(this.element.dataset, {
      box: [box.x, box.y, box.width, box.height].map(Math.round).join(),
      label,
      ambiguity: ambiguity.toFixed(3),
    });
  }

  private sort(probabilities: Posteriors, now: number): void {
    if (now - this.sortedAt < SORT_EVERY) return;
    this.sortedAt = now;
    ranked(probabilities).forEach(({ label }, place) => {
      const row = this.rows.get(label);
      if (row !== undefined) moveTo(row.item, place);
    });
  }

  private drawTimeline(points: readonly TimelinePoint[], now: number): void {
    const time = this.cursor === null ? null : now - this.cursor;
    drawTimeline(this.timeline, { points, labels: this.labels, now, cursor: time });
    const point = time === null ? null : pointAt(points, time);
    this.tip.hidden = point === null;
    if (point !== null) this.showTip(point, now);
    if (now - this.describedAt < DESCRIBE_EVERY) return;
    this.describedAt = now;
    this.timeline.setAttribute('aria-label', `Last ${TIMELINE_SECONDS} seconds: ${timelineText(points)}`);
  }

  private showTip({ time, probabilities, trust = 'sure' }: TimelinePoint, now: number): void {
    const lines = ranked(probabilities)
      .filter(({ probability }) => probability >= ZERO)
      .map(({ label, probability }) => `${label}  ${percent(probability)}`);
    setText(this.tip, [`−${(now - time).toFixed(1)} s${trust === 'sure' ? '' : `  (${trust})`}`, ...lines].join('\n'));
    const isRight = (this.cursor ?? 0) < TIMELINE_SECONDS / 2;
    const offset = `${((TIMELINE_SECONDS - (this.cursor ?? 0)) / TIMELINE_SECONDS) * 100}%`;
    this.tip.style.left = isRight ? 'auto' : offset;
    this.tip.style.right = isRight ? `calc(100% - ${offset})` : 'auto';
  }

  /** Shows values under the pointer, or where the arrow keys lead; Escape hides them. */
  private followCursor(): void {
    const { timeline } = this;
    timeline.addEventListener('pointermove', ({ offsetX }) => {
      this.cursor = TIMELINE_SECONDS * (1 - offsetX / timeline.clientWidth);
    });
    const hide = (): void => {
      this.cursor = null;
    };
    timeline.addEventListener('pointerleave', hide);
    timeline.addEventListener('blur', hide);
    timeline.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: KEY_STEP, ArrowRight: -KEY_STEP }[event.key];
      if (event.key === 'Escape') hide();
      if (step === undefined) return;
      event.preventDefault();
      this.cursor = Math.max(0, Math.min(TIMELINE_SECONDS, (this.cursor ?? 0) + step));
    });
  }

  private row(label: string, place: number): HTMLElement {
    const [item, name, bar, fill, value] = [
      make('li', ''),
      make('span', ''),
      make('span', 'bar'),
      make('span', ''),
      make('span', 'value'),
    ];
    name.textContent = label;
    fill.style.background = `#${expressionColour(label)}`;
    bar.append(fill);
    item.append(name, bar, value);
    moveTo(item, place);
    this.rows.set(label, { item, fill, value });
    return item;
  }
}

function moveTo(item: HTMLElement, place: number): void {
  item.style.transform = `translateY(${place * ROW_HEIGHT}px)`;
}

function make<K extends keyof HTMLElementTagNameMap>(tag: K, className: string): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className !== '') element.className = className;
  return element;
}

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
