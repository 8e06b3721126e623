import { serverOfPage, tokenFromFragment } from '../client/client-options.js';
import type { HelloMessage } from '../protocol/messages.js';
import { Announcer, Details, summaryText } from './details.js';
import { download, element, fileStem, listenForShortcuts, remember, remembered, setText } from './dom.js';
import { FaceList } from './face-card.js';
import type { Answer } from './feed.js';
import { FeedControl } from './feed-control.js';
import { pageState } from './page-state.js';
import type { PageFacts, PageState } from './page-state.js';
import { RecordingControls } from './recording-controls.js';
import { SettingsDrawer } from './settings-drawer.js';
import { Smoothing } from './posteriors.js';
import { Stage, snapshot } from './stage.js';
import { Timeline } from './timeline.js';

/** Milliseconds between two updates of everything but the picture. */
const REFRESH = 100;
/** Seconds between two text descriptions of the picture. */
const DESCRIBE_EVERY = 1;

const ui = {
  stage: element('stage', HTMLElement),
  picture: element('picture', HTMLCanvasElement),
  state: element('state', HTMLElement),
  headline: element('headline', HTMLElement),
  advice: element('advice', HTMLElement),
  start: element('start', HTMLButtonElement),
  other: element('other', HTMLButtonElement),
  retry: element('retry', HTMLButtonElement),
  stop: element('stop', HTMLButtonElement),
  record: element('record', HTMLButtonElement),
  snapshot: element('snapshot', HTMLButtonElement),
  mirror: element('mirror', HTMLButtonElement),
  fullScreen: element('full-screen', HTMLButtonElement),
  nobody: element('nobody', HTMLElement),
  summary: element('summary', HTMLElement),
};

const stage = new Stage(ui.picture);
const faceList = new FaceList(element('faces', HTMLElement));
const timeline = new Timeline();
const details = new Details();
const announcer = new Announcer();
const smoothing = new Smoothing(0);
const recording = new RecordingControls(
  () => settings.filmChoice,
  () => control.inputName,
);
let labels: readonly string[] = [];
let mirrored = false;
let describedAt = -Infinity;

const control: FeedControl = new FeedControl({
  server: serverOfPage(location.href),
  token: tokenFromFragment(location.hash),
  video: element('video', HTMLVideoElement),
  cameraChoice: () => settings.cameraChoice,
  onAnswer: show,
  onHello: startSession,
  onStats: ({ load }) => {
    details.showLoad(load);
  },
  onCamera: (camera) => {
    setMirrored(remembered('mirror') === null ? camera.facesUser : remembered('mirror') === 'true');
    void settings.showCamera(camera);
  },
  onStopped: () => {
    stage.clear();
    timeline.clear();
    faceList.clear();
    recording.stop();
  },
  onChange: refresh,
});

const settings: SettingsDrawer = new SettingsDrawer({
  onMode: switchMode,
  onCamera: () => {
    if (control.isRunning) void control.start();
  },
  onSmoothing: (tau) => {
    smoothing.tau = tau;
  },
});

function seconds(): number {
  return performance.now() / 1000;
}

function startSession(hello: HelloMessage): void {
  labels = hello.model.labels;
  if (control.mode === 'source') setMirrored(false);
  smoothing.clear();
  timeline.clear();
  faceList.clear();
  details.ready(hello);
  recording.ready(hello);
}

function show({ result, hello, picture }: Answer): void {
  const now = seconds();
  const scene = { picture, size: result, faces: smoothing.apply(result.faces, now), mirrored };
  stage.show(scene);
  timeline.add(scene.faces, now);
  details.add(result, control.mode, now);
  recording.add(result, hello, scene);
  ui.picture.dataset['sequence'] = String(result.sequence);
}

function refresh(): void {
  const now = seconds();
  const scene = control.isRunning && control.isConnected ? stage.scene : null;
  const faces = scene?.faces ?? [];
  const framesPerSecond = control.isRunning ? details.framesPerSecond(now) : 0;
  showState(pageState({ ...control.facts(performance.now()), framesPerSecond, faces: faces.length }));
  showButtons();
  settings.showMode(control.mode);
  details.refresh(control.mode, framesPerSecond);
  recording.refresh();
  ui.nobody.hidden = timeline.trackIds.length > 0;
  if (scene === null) return;
  faceList.update(scene, timeline, labels, now);
  const text = summaryText(faces);
  if (now - describedAt >= DESCRIBE_EVERY) {
    describedAt = now;
    ui.picture.setAttribute('aria-label', `Picture of the ${control.mode}. ${text}`);
  }
  const gist = faces.map(({ trackId, label }) => `${trackId} ${label}`).join();
  const announced = announcer.announce(gist, text, performance.now());
  if (announced !== null) ui.summary.textContent = announced;
}

/** The status is in the middle of the picture, or in its corner while results come. */
function showState({ key, tone, headline, advice }: PageState): void {
  setText(ui.headline, headline);
  setText(ui.advice, advice);
  const isPill = tone === 'good' || key === 'overloaded' || (key === 'no-result' && stage.scene !== null);
  Object.assign(ui.state.dataset, { key, tone, place: isPill ? 'pill' : 'center' });
  document.body.toggleAttribute('data-stale', !isPill && stage.scene !== null);
}

function showButtons(): void {
  const isRunning = control.isRunning || control.isStarting;
  const hadFocus = document.activeElement === ui.start || document.activeElement === ui.stop;
  ui.start.hidden = isRunning;
  ui.start.disabled = control.serverHasSource === null;
  setText(ui.start, control.mode === 'camera' ? 'Start camera' : 'Start');
  ui.stop.hidden = !isRunning;
  if (hadFocus) (isRunning ? ui.stop : ui.start).focus();
  ui.other.hidden = isRunning || (control.mode === 'camera' && control.serverHasSource !== true);
  setText(ui.other, control.mode === 'camera' ? "Watch the server's source" : 'Use this camera');
  ui.retry.hidden = !control.isWaiting;
  ui.snapshot.disabled = stage.scene === null;
}

function switchMode(mode: PageFacts['mode']): void {
  control.setMode(mode);
  void control.start();
}

function setMirrored(value: boolean): void {
  mirrored = value;
  ui.mirror.setAttribute('aria-pressed', String(value));
}

async function saveSnapshot(): Promise<void> {
  const file = stage.scene === null ? null : await snapshot(stage.scene);
  if (file !== null) download(file, `${fileStem()}.png`);
}

async function toggleFullScreen(): Promise<void> {
  if (document.fullscreenElement === null) await ui.stage.requestFullscreen();
  else await document.exitFullscreen();
}

ui.start.addEventListener('click', () => void control.start());
ui.stop.addEventListener('click', () => {
  control.stop();
});
ui.other.addEventListener('click', () => {
  switchMode(control.mode === 'camera' ? 'source' : 'camera');
});
ui.retry.addEventListener('click', () => {
  control.retryNow();
});
ui.mirror.addEventListener('click', () => {
  setMirrored(!mirrored);
  remember('mirror', String(mirrored));
});
ui.snapshot.addEventListener('click', () => void saveSnapshot());
ui.fullScreen.hidden = !document.fullscreenEnabled;
ui.fullScreen.addEventListener('click', () => void toggleFullScreen());
document.addEventListener('fullscreenchange', () => {
  ui.fullScreen.setAttribute('aria-pressed', String(document.fullscreenElement !== null));
});
addEventListener('online', () => {
  control.retryNow();
});
listenForShortcuts(
  {
    s: () => {
      (ui.start.hidden ? ui.stop : ui.start).click();
    },
    r: () => {
      ui.record.click();
    },
    p: () => {
      ui.snapshot.click();
    },
    m: () => {
      ui.mirror.click();
    },
    f: () => {
      ui.fullScreen.click();
    },
  },
  () => settings.hasShortcuts,
);
setInterval(refresh, REFRESH);
control.probe();
