import { PercentileMeter, RateMeter } from '../live/meters.js';
import type { HelloMessage, LiveFace, ResultMessage } from '../protocol/messages.js';
import { element, setText } from './dom.js';
import type { PageFacts } from './page-state.js';
import { labelText, modelText, percent } from './posteriors.js';

/** The faces as text, for screen readers. */
export function summaryText(faces: readonly LiveFace[]): string {
  if (faces.length === 0) return 'No face.';
  return faces
    .map((face) => {
      const words = labelText(face).replace('? ', '').replace(' / ', ' or ');
      return `Face ${face.trackId}: ${words}${face.trust === 'sure' ? '' : `, ${face.trust}`}.`;
    })
    .join(' ');
}

/** Minimum milliseconds between two announcements. */
const QUIET = 5_000;

/** Announces a text when it has changed, at most every five seconds. */
export class Announcer {
  private said = '';
  private saidAt = -Infinity;

  /**
   * @param gist the part whose change is worth announcing: percentages always change
   * @returns null when there is nothing to announce
   */
  announce(gist: string, text: string, now: number): string | null {
    if (gist === this.said || now - this.saidAt < QUIET) return null;
    this.said = gist;
    this.saidAt = now;
    return text;
  }
}

const RATE_SECONDS = 2;
/** Results over which latency percentiles are taken. */
const LATENCIES = 150;

/** Model, engine, rate and latency: in the drawer, and in short on the picture. */
export class Details {
  private readonly rate = new RateMeter(RATE_SECONDS);
  private readonly latency = new PercentileMeter(LATENCIES);
  private readonly pace = element('pace', HTMLElement);
  private readonly fields = {
    model: element('model', HTMLElement),
    engine: element('engine', HTMLElement),
    rate: element('rate', HTMLElement),
    latencyName: element('latency-name', HTMLElement),
    median: element('median', HTMLElement),
    slowest: element('slowest', HTMLElement),
    load: element('load', HTMLElement),
  };

  ready({ model, engine }: HelloMessage): void {
    this.latency.clear();
    const chip = element('model-chip', HTMLElement);
    chip.hidden = false;
    chip.title = `Model ${model.name}, version ${model.version}`;
    setText(chip, modelText(model));
    setText(this.fields.model, modelText(model));
    this.fields.model.title = model.version;
    setText(this.fields.engine, engine.device === null ? engine.backend : `${engine.backend} (${engine.device})`);
  }

  /** @param now seconds */
  add(result: ResultMessage, mode: PageFacts['mode'], now: number): void {
    this.rate.add(now);
    // Pictures of the source carry the time of the server's clock, which may differ from this one.
    this.latency.add(
      mode === 'camera'
        ? performance.timeOrigin + performance.now() - result.captureTime
        : result.timing.waited + result.timing.worked,
    );
  }

  framesPerSecond(now: number): number {
    return this.rate.at(now);
  }

  showLoad(load: number): void {
    setText(this.fields.load, percent(load));
  }

  refresh(mode: PageFacts['mode'], framesPerSecond: number): void {
    const median = milliseconds(this.latency.percentile(0.5));
    setText(this.fields.latencyName, mode === 'camera' ? 'Capture to screen, median' : 'In the server, median');
    setText(this.fields.rate, framesPerSecond === 0 ? '–' : framesPerSecond.toFixed(1));
    setText(this.fields.median, median);
    setText(this.fields.slowest, milliseconds(this.latency.percentile(0.95)));
    this.pace.hidden = framesPerSecond === 0;
    setText(this.pace, `${framesPerSecond.toFixed(0)} fps · ${median}`);
  }
}

function milliseconds(value: number | null): string {
  return value === null ? '–' : `${Math.round(value)} ms`;
}
