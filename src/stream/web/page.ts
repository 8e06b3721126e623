import type { ConnectionState } from '../client/connection-state.js';
import { LiveViewer } from '../client/live-viewer.js';
import type { HelloMessage, LiveFace, ResultMessage, SourceMessage } from '../protocol/messages.js';
import { CameraFeed } from './camera-feed.js';
import { listCameras, openCamera } from './camera.js';
import { element } from './element.js';
import { FaceList } from './face-list.js';
import type { Answer, Feed, FeedHandlers } from './feed.js';
import { percent } from './label-text.js';
import { PercentileMeter, RateMeter } from '../live/meters.js';
import { pageState } from './page-state.js';
import type { PageFacts } from './page-state.js';
import { remember, remembered } from './preferences.js';
import { RecordingControls } from './recording-controls.js';
import { listenForShortcuts } from './shortcuts.js';
import { Smoothing } from './smoothing.js';
import { SourceFeed } from './source-feed.js';
import { Stage } from './stage.js';
import { Announcer, summaryText } from './summary-text.js';
import { Timeline } from './timeline.js';
import { tokenFromFragment } from './token.js';

/** Milliseconds between two looks at everything but the picture: bars, figures, state. */
const REFRESH = 100;

const ui = {
  state: element('state', HTMLElement),
  headline: element('headline', HTMLElement),
  advice: element('advice', HTMLElement),
  retry: element('retry', HTMLButtonElement),
  picture: element('picture', HTMLCanvasElement),
  start: element('start', HTMLButtonElement),
  mirror: element('mirror', HTMLButtonElement),
  mode: element('mode', HTMLSelectElement),
  camera: element('camera', HTMLSelectElement),
  cameraChoice: element('camera-choice', HTMLElement),
  smoothing: element('smoothing', HTMLInputElement),
  smoothingValue: element('smoothing-value', HTMLElement),
  shortcuts: element('shortcuts', HTMLInputElement),
  rate: element('rate', HTMLElement),
  latencyName: element('latency-name', HTMLElement),
  median: element('median', HTMLElement),
  slowest: element('slowest', HTMLElement),
  load: element('load', HTMLElement),
  model: element('model', HTMLElement),
  nobody: element('nobody', HTMLElement),
  summary: element('summary', HTMLElement),
  video: element('video', HTMLVideoElement),
};

const server = location.origin;
const token = tokenFromFragment(location.hash);
const stage = new Stage(ui.picture);
const faceList = new FaceList(element('faces', HTMLElement));
const recording = new RecordingControls();
const smoothing = new Smoothing(0);
const timeline = new Timeline();
const rate = new RateMeter(2);
const latency = new PercentileMeter(150);
const announcer = new Announcer();

let mode: PageFacts['mode'] = 'camera';
/** Null until it is known which mode it is to be. */
let camera: PageFacts['camera'] = null;
let connection: ConnectionState | null = null;
let source: SourceMessage | null = null;
let stream: MediaStream | null = null;
let feed: Feed | null = null;
let mirrored = false;
let startedAt = 0;
let describedAt = -Infinity;
/** Counts starts and stops: what has been waited for may no longer be wanted. */
let turn = 0;
let retry = (): void => undefined;
let last: { readonly result: ResultMessage; readonly hello: HelloMessage; readonly faces: readonly LiveFace[] } | null =
  null;

const handlers: FeedHandlers = {
  onAnswer: show,
  onState(state) {
    connection = state;
    refresh();
  },
  onHello(hello) {
    startedAt = seconds();
    ui.model.textContent = `${hello.model.name} ${hello.model.version} (${hello.engine.device ?? hello.engine.backend})`;
    smoothing.clear();
    timeline.clear();
    faceList.clear();
    latency.clear();
    recording.ready(hello, mode === 'camera' ? 'camera' : (source?.name ?? 'source'));
  },
  onSource(message) {
    source = message;
    refresh();
  },
  onStats({ load }) {
    ui.load.textContent = percent(load);
  },
};

function seconds(): number {
  return performance.now() / 1000;
}

function show({ result, hello, picture }: Answer): void {
  const now = seconds();
  const faces = smoothing.apply(result.faces, now);
  stage.show({ picture, size: result, faces, mirrored });
  rate.add(now);
  timeline.add(faces, now);
  recording.add(result, hello);
  // A source's pictures bear the time of the server's clock, which need not be this one.
  latency.add(
    mode === 'camera'
      ? performance.timeOrigin + performance.now() - result.captureTime
      : result.timing.waited + result.timing.worked,
  );
  last = { result, hello, faces };
  ui.picture.dataset['sequence'] = String(result.sequence);
}

function refresh(): void {
  const now = seconds();
  const current = connection?.state === 'open' && feed !== null ? last : null;
  const faces = current?.faces ?? [];
  const framesPerSecond = feed === null ? 0 : rate.at(now);
  const facts = {
    mode,
    camera: mode === 'camera' ? camera : null,
    connection,
    source,
    framesPerSecond,
    runningFor: now - startedAt,
    faces: faces.length,
    now: Date.now(),
  };
  const { key, tone, headline, advice } = pageState(facts);
  setText(ui.headline, headline);
  setText(ui.advice, advice);
  Object.assign(ui.state.dataset, { key, tone });
  ui.retry.hidden = connection?.state !== 'waiting';
  setText(ui.start, feed === null ? 'Start' : 'Stop');
  ui.rate.textContent = framesPerSecond === 0 ? '–' : framesPerSecond.toFixed(1);
  ui.median.textContent = milliseconds(latency.percentile(0.5));
  ui.slowest.textContent = milliseconds(latency.percentile(0.95));
  recording.refresh();
  if (current === null) return;
  faceList.update(faces, timeline, current.hello.model.labels, now);
  ui.nobody.hidden = timeline.trackIds.length > 0;
  const text = summaryText(faces);
  if (now - describedAt >= 1) {
    describedAt = now;
    ui.picture.setAttribute('aria-label', `Picture of the ${mode}. ${text}`);
  }
  const said = announcer.announce(
    faces.map(({ trackId, label }) => `${trackId} ${label}`).join(),
    text,
    performance.now(),
  );
  if (said !== null) ui.summary.textContent = said;
}

/** Only when it changes: screen readers are told of every change. */
function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

function milliseconds(value: number | null): string {
  return value === null ? '–' : `${Math.round(value)} ms`;
}

async function start(): Promise<void> {
  stop();
  const mine = turn;
  if (mode === 'source') {
    setMirrored(false);
    use(new SourceFeed(server, token, true, handlers));
    return;
  }
  camera = 'asking';
  refresh();
  const opened = await openCamera(ui.camera.value === '' ? remembered('camera') : ui.camera.value);
  if (mine !== turn) {
    if (typeof opened !== 'string') end(opened.stream);
    return;
  }
  if (typeof opened === 'string') {
    camera = opened;
    refresh();
    return;
  }
  camera = 'on';
  stream = opened.stream;
  remember('camera', opened.deviceId);
  stream.getVideoTracks()[0]?.addEventListener('ended', () => {
    stop();
    camera = 'none';
    refresh();
  });
  setMirrored(remembered('mirror') === null ? opened.facesUser : remembered('mirror') === 'true');
  ui.video.srcObject = stream;
  await ui.video.play();
  use(new CameraFeed(ui.video, server, token, handlers));
  await showCameras(opened.deviceId);
}

function use(next: Feed): void {
  feed = next;
  retry = () => {
    next.retryNow();
  };
  refresh();
}

function end(stream: MediaStream): void {
  stream.getTracks().forEach((track) => {
    track.stop();
  });
}

function stop(): void {
  turn += 1;
  feed?.close();
  feed = null;
  if (stream !== null) end(stream);
  stream = null;
  ui.video.srcObject = null;
  if (mode === 'camera') camera = 'off';
  last = null;
  stage.clear();
  recording.stop();
  refresh();
}

async function showCameras(chosen: string): Promise<void> {
  const cameras = await listCameras();
  ui.camera.replaceChildren(
    ...cameras.map(
      ({ deviceId, label }, index) =>
        new Option(label === '' ? `Camera ${index + 1}` : label, deviceId, false, deviceId === chosen),
    ),
  );
  ui.camera.disabled = cameras.length < 2;
}

function setMirrored(value: boolean): void {
  mirrored = value;
  ui.mirror.setAttribute('aria-pressed', String(value));
}

function setMode(value: PageFacts['mode']): void {
  mode = value;
  ui.mode.value = value;
  ui.cameraChoice.hidden = value === 'source';
  ui.latencyName.textContent = value === 'camera' ? 'Capture to screen, median' : 'In the server, median';
  camera = 'off';
  connection = null;
  source = null;
}

/** The server's source where it has one, else the own camera; and whether the server lets us in at all. */
function begin(): void {
  const viewer = new LiveViewer(server, { token });
  retry = () => {
    viewer.retryNow();
  };
  const decided = viewer.on('state', (state) => {
    connection = state;
    const refusedForSource = state.state === 'refused' && state.problem.code === 'NO_SOURCE';
    if (state.state === 'open' || refusedForSource) {
      decided();
      viewer.close();
      setMode(state.state === 'open' ? 'source' : 'camera');
      ui.start.disabled = ui.mode.disabled = false;
      if (state.state === 'open') void start();
    }
    refresh();
  });
}

/** Beginning while it runs, ending while it runs not. */
function toggle(): void {
  if (feed === null && camera !== 'asking') void start();
  else stop();
}

function toggleMirror(): void {
  setMirrored(!mirrored);
  remember('mirror', String(mirrored));
}

function setSmoothing(text: string): void {
  ui.smoothing.value = text;
  smoothing.tau = ui.smoothing.valueAsNumber;
  ui.smoothingValue.textContent = smoothing.tau === 0 ? 'off' : `${smoothing.tau.toFixed(1)} s`;
}

ui.start.disabled = ui.mode.disabled = true;
ui.start.addEventListener('click', toggle);
ui.mirror.addEventListener('click', toggleMirror);
ui.retry.addEventListener('click', () => {
  retry();
});
ui.mode.addEventListener('change', () => {
  stop();
  setMode(ui.mode.value === 'source' ? 'source' : 'camera');
  void start();
});
ui.camera.addEventListener('change', () => {
  void start();
});
ui.smoothing.addEventListener('input', () => {
  setSmoothing(ui.smoothing.value);
  remember('smoothing', ui.smoothing.value);
});
ui.shortcuts.checked = remembered('shortcuts') !== 'off';
ui.shortcuts.addEventListener('change', () => {
  remember('shortcuts', ui.shortcuts.checked ? 'on' : 'off');
});
listenForShortcuts(
  {
    s: () => {
      ui.start.click();
    },
    m: toggleMirror,
    r: () => {
      element('record', HTMLButtonElement).click();
    },
  },
  () => ui.shortcuts.checked,
);
addEventListener('online', () => {
  retry();
});
setSmoothing(remembered('smoothing') ?? '0.3');
setInterval(refresh, REFRESH);
begin();
