import type { HelloMessage, ResultMessage } from '../protocol/messages.js';
import { element, fileStem, setText } from './dom.js';
import { Recorder, VideoRecorder } from './recorder.js';
import type { FilmChoice } from './recorder.js';
import type { Scene } from './stage.js';

interface Recording {
  readonly results: Recorder;
  readonly film: VideoRecorder;
}

/** The record button, and the files of a recording: results as JSONL and CSV, and a video. */
export class RecordingControls {
  private readonly button = element('record', HTMLButtonElement);
  private readonly line = element('recording', HTMLElement);
  private readonly count = element('recorded', HTMLElement);
  private readonly links = {
    film: element('film', HTMLAnchorElement),
    jsonl: element('jsonl', HTMLAnchorElement),
    csv: element('csv', HTMLAnchorElement),
  };
  private hello: HelloMessage | null = null;
  /** Results are in memory until the recording ends: leaving the page asks first. */
  private readonly askBeforeLeaving = (event: BeforeUnloadEvent): void => {
    event.preventDefault();
  };
  private recording: Recording | null = null;

  /**
   * @param filmChoice what the video of the next recording shows
   * @param inputName what the next recording is of; the server tells it after the session has started
   */
  constructor(
    private readonly filmChoice: () => FilmChoice,
    private readonly inputName: () => string,
  ) {
    this.button.addEventListener('click', () => {
      this.toggle();
    });
  }

  /** A session starts. A recording in progress continues with it if the labels are the same. */
  ready(hello: HelloMessage): void {
    this.hello = hello;
    this.button.disabled = false;
    if (this.recording?.results.fits(hello) === false) this.finish();
  }

  add(result: ResultMessage, hello: HelloMessage, scene: Scene): void {
    this.recording?.results.add(result, hello);
    this.recording?.film.add(scene);
  }

  /** There is nothing to record any longer. */
  stop(): void {
    this.finish();
    this.hello = null;
    this.button.disabled = true;
  }

  refresh(): void {
    if (this.recording !== null) setText(this.count, `Recording: ${this.recording.results.frames} frames`);
  }

  private toggle(): void {
    if (this.recording === null) this.start();
    else this.finish();
  }

  private start(): void {
    const { hello } = this;
    if (hello === null) return;
    this.recording = {
      results: new Recorder(this.inputName(), hello, { live: true }),
      film: new VideoRecorder(this.filmChoice()),
    };
    addEventListener('beforeunload', this.askBeforeLeaving);
    this.button.setAttribute('aria-pressed', 'true');
    this.line.hidden = false;
    for (const link of Object.values(this.links)) link.hidden = true;
    this.refresh();
  }

  private finish(): void {
    const { recording } = this;
    if (recording === null) return;
    this.recording = null;
    removeEventListener('beforeunload', this.askBeforeLeaving);
    this.button.setAttribute('aria-pressed', 'false');
    const stem = fileStem();
    setText(this.count, `Recorded ${recording.results.frames} frames.`);
    offer(this.links.jsonl, recording.results.jsonlFile(), `${stem}.jsonl`);
    offer(this.links.csv, recording.results.csvFile(), `${stem}.csv`);
    void recording.film.stop().then((film) => {
      if (film !== null && this.recording === null)
        offer(this.links.film, film, `${stem}.${film.type.startsWith('video/mp4') ? 'mp4' : 'webm'}`);
    });
  }
}

function offer(link: HTMLAnchorElement, file: Blob, name: string): void {
  if (link.href !== '') URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.hidden = false;
}
