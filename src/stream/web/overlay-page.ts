import { serverOfPage, tokenFromFragment } from '../client/client-options.js';
import type { ConnectionState } from '../client/live-connection.js';
import { CameraFeed } from './camera-feed.js';
import { endStream, openCamera } from './camera.js';
import { element } from './dom.js';
import { SourceFeed } from './feed.js';
import type { FeedHandlers } from './feed.js';
import { pageState } from './page-state.js';
import type { PageFacts } from './page-state.js';
import { Smoothing } from './posteriors.js';
import { Stage } from './stage.js';

/** Milliseconds after which old boxes are removed. */
const STALE = 1_000;

const canvas = element('overlay', HTMLCanvasElement);
const problem = element('problem', HTMLElement);
const video = element('video', HTMLVideoElement);
const query = new URLSearchParams(location.search);
const server = serverOfPage(location.href);
const token = tokenFromFragment(location.hash);
const mode = query.get('camera') === '1' ? 'camera' : 'source';
const mirrored = query.get('mirror') === '1';
const stage = new Stage(canvas);
const smoothing = new Smoothing(0.3);

let connection: ConnectionState | null = null;
let source: PageFacts['source'] = null;
let camera: PageFacts['camera'] = mode === 'camera' ? 'asking' : null;
let shownAt = 0;

const handlers: FeedHandlers = {
  onAnswer({ result }) {
    shownAt = performance.now();
    stage.show({ picture: null, size: result, faces: smoothing.apply(result.faces, shownAt / 1000), mirrored });
    canvas.dataset['faces'] = String(result.faces.length);
  },
  onState(state) {
    connection = state;
  },
  onHello() {
    smoothing.clear();
  },
  onSource(message) {
    source = message;
  },
  onStats: () => undefined,
  onProblem: () => undefined,
};

async function begin(): Promise<void> {
  if (mode === 'source') {
    new SourceFeed(server, token, false, handlers);
    return;
  }
  const opened = await openCamera(null);
  if (typeof opened === 'string') {
    camera = opened;
    return;
  }
  video.srcObject = opened.stream;
  try {
    await video.play();
  } catch {
    endStream(opened.stream);
    camera = 'other';
    return;
  }
  camera = 'on';
  const feed = new CameraFeed(video, server, token, handlers);
  opened.stream.getVideoTracks()[0]?.addEventListener('ended', () => {
    feed.close();
    camera = 'ended';
  });
}

/** Over video, show only errors the user must fix. */
function refresh(): void {
  if (performance.now() - shownAt > STALE) stage.clear();
  const { tone, headline, advice } = pageState({
    mode,
    camera,
    connection,
    source,
    problem: null,
    framesPerSecond: 1,
    runningFor: 0,
    faces: 0,
    now: Date.now(),
  });
  problem.hidden = tone !== 'bad';
  problem.textContent = problem.hidden ? '' : `${headline}. ${advice}`;
}

setInterval(refresh, 250);
void begin();
