import { expressionColour } from '../output/palette.js';
import type { LiveFace } from '../protocol/messages.js';
import { isAmbiguous, labelText, percent } from './label-text.js';
import { drawTimeline } from './timeline-drawing.js';
import { timelineText } from './timeline.js';
import type { TimelinePoint } from './timeline.js';

/** Seconds between two descriptions of the timeline: nobody listens faster. */
const DESCRIBE_EVERY = 1;

interface Row {
  readonly fill: HTMLElement;
  readonly value: HTMLElement;
}

/** One face in the list: what it shows now as bars, and its last 30 seconds. */
export class FaceCard {
  readonly element = document.createElement('li');
  private readonly heading = document.createElement('h3');
  private readonly rows = new Map<string, Row>();
  private readonly timeline = document.createElement('canvas');
  private describedAt = -Infinity;

  constructor(
    readonly trackId: number,
    private readonly labels: readonly string[],
  ) {
    this.element.className = 'face';
    this.element.dataset['face'] = String(trackId);
    const bars = document.createElement('ul');
    bars.className = 'bars';
    for (const label of labels) bars.append(this.row(label));
    this.timeline.className = 'timeline';
    this.timeline.setAttribute('role', 'img');
    this.element.append(this.heading, bars, this.timeline);
  }

  /** @param face null while it is not in the picture */
  update(face: LiveFace | null, points: readonly TimelinePoint[], now: number): void {
    this.element.classList.toggle('away', face === null);
    const text = face === null ? 'not in the picture' : labelText(face);
    this.heading.textContent = `Face ${this.trackId}: ${text}`;
    this.heading.classList.toggle('ambiguous', face !== null && isAmbiguous(face));
    if (face !== null) {
      const { x, y, width, height } = face.box;
      Object.assign(this.element.dataset, {
        box: [x, y, width, height].map(Math.round).join(),
        label: face.label,
        ambiguity: face.ambiguity.toFixed(3),
      });
    }
    for (const [label, { fill, value }] of this.rows) {
      const share = face?.probabilities[label] ?? 0;
      fill.style.width = `${100 * share}%`;
      value.textContent = face === null ? '' : percent(share);
      value.dataset['share'] = String(share);
    }
    drawTimeline(this.timeline, points, this.labels, now);
    if (now - this.describedAt < DESCRIBE_EVERY) return;
    this.describedAt = now;
    this.timeline.setAttribute('aria-label', `Last 30 seconds: ${timelineText(points)}`);
  }

  private row(label: string): HTMLElement {
    const row = document.createElement('li');
    const [name, bar, fill, value] = ['span', 'span', 'span', 'span'].map((tag) => document.createElement(tag)) as [
      HTMLElement,
      HTMLElement,
      HTMLElement,
      HTMLElement,
    ];
    name.textContent = label;
    bar.className = 'bar';
    fill.style.background = `#${expressionColour(label)}`;
    value.className = 'value';
    bar.append(fill);
    row.append(name, bar, value);
    this.rows.set(label, { fill, value });
    return row;
  }
}
