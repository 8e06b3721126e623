import type { HelloMessage, ResultMessage } from '../protocol/messages.js';
import { element } from './element.js';
import { Recorder } from './recorder.js';

/** The record button, and the two files that a recording becomes. */
export class RecordingControls {
  private readonly button = element('record', HTMLButtonElement);
  private readonly line = element('recording', HTMLElement);
  private readonly count = element('recorded', HTMLElement);
  private readonly links = { jsonl: element('jsonl', HTMLAnchorElement), csv: element('csv', HTMLAnchorElement) };
  private source: { readonly hello: HelloMessage; readonly name: string } | null = null;
  private recorder: Recorder | null = null;

  constructor() {
    this.button.addEventListener('click', () => {
      this.toggle();
    });
  }

  /** A session begins; a recording that is under way goes on with it when it is of the same labels. */
  ready(hello: HelloMessage, name: string): void {
    this.source = { hello, name };
    this.button.disabled = false;
    if (this.recorder?.fits(hello) === false) this.finish();
  }

  add(result: ResultMessage, hello: HelloMessage): void {
    this.recorder?.add(result, hello);
  }

  toggle(): void {
    if (this.recorder === null) this.start();
    else this.finish();
  }

  /** There is nothing to record any longer. */
  stop(): void {
    this.finish();
    this.source = null;
    this.button.disabled = true;
  }

  refresh(): void {
    if (this.recorder !== null) this.count.textContent = `Recording: ${this.recorder.frames} frames`;
  }

  private start(): void {
    if (this.source === null) return;
    const { hello, name } = this.source;
    this.recorder = new Recorder(name, hello, { live: true });
    this.button.setAttribute('aria-pressed', 'true');
    this.line.hidden = false;
    for (const link of Object.values(this.links)) link.hidden = true;
  }

  private finish(): void {
    const { recorder } = this;
    if (recorder === null) return;
    this.recorder = null;
    this.button.setAttribute('aria-pressed', 'false');
    this.count.textContent = `Recorded ${recorder.frames} frames.`;
    const name = `ferstream-${new Date().toISOString().slice(0, 19).replaceAll(/[T:]/g, '-')}`;
    offer(this.links.jsonl, recorder.jsonlFile(), `${name}.jsonl`);
    offer(this.links.csv, recorder.csvFile(), `${name}.csv`);
  }
}

function offer(link: HTMLAnchorElement, file: Blob, name: string): void {
  if (link.href !== '') URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.hidden = false;
}
