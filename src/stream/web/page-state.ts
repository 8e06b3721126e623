import type { ConnectionState } from '../client/live-connection.js';
import type { SourceMessage } from '../protocol/messages.js';
import type { CameraProblem } from './camera.js';

/** Everything that determines the page's status line. */
export interface PageFacts {
  readonly mode: 'camera' | 'source';
  /** Null for the server's source. */
  readonly camera: 'off' | 'asking' | 'on' | 'paused' | CameraProblem | null;
  /** Null before the first attempt. */
  readonly connection: ConnectionState | null;
  /** The server's last message about its source; null before the first. */
  readonly source: SourceMessage | null;
  /** Why the server did not answer the last picture; null if it did. */
  readonly problem: string | null;
  /** Results per second, and for how many seconds frames have been sent or watched. */
  readonly framesPerSecond: number;
  readonly runningFor: number;
  readonly faces: number;
  /** As Date.now(). */
  readonly now: number;
}

export interface PageState {
  /** For style sheets and tests. */
  readonly key: string;
  /** "bad": the user must act; "wait": it recovers automatically. */
  readonly tone: 'idle' | 'good' | 'wait' | 'bad';
  readonly headline: string;
  /** What to do, or what happens next; may be empty. */
  readonly advice: string;
}

/** Below this many results per second the overlay no longer follows the video. */
const SLOW = 5;
/** Seconds after the start before the speed is judged. */
const WARM_UP = 4;

/** The page's status, the most pressing problem first. */
export function pageState(facts: PageFacts): PageState {
  return refusal(facts) ?? cameraTrouble(facts) ?? serverTrouble(facts) ?? sourceTrouble(facts) ?? running(facts);
}

function refusal({ connection }: PageFacts): PageState | null {
  if (connection?.state !== 'refused') return null;
  const { code, message } = connection.problem;
  if (code === 'UNAUTHORIZED')
    return bad(
      'wrong-token',
      'The token is missing or wrong',
      'Open the address that fer live printed, including everything after the #.',
    );
  if (code === 'NO_SOURCE')
    return bad(
      'no-source',
      'The server has no source',
      'Use this camera instead, or start the server with one: fer live --source rtsp://...',
    );
  return bad('refused', 'The server refused the connection', message);
}

function cameraTrouble({ camera }: PageFacts): PageState | null {
  switch (camera) {
    case 'insecure':
      return bad(
        'insecure',
        'Cameras need https or localhost',
        'Open the page at http://localhost on the server itself, or start the server with --cert and --key.',
      );
    case 'denied':
      return bad(
        'denied',
        'No permission to use the camera',
        'Allow it in the address bar or in the browser settings, then start again.',
      );
    case 'none':
      return bad('no-camera', 'No camera found', 'Connect a camera, then start again.');
    case 'in-use':
      return bad('in-use', 'The camera is in use', 'Close the other program that uses it, then start again.');
    case 'ended':
      return bad('camera-ended', 'The camera has stopped', 'Check that it is connected and allowed, then start again.');
    case 'paused':
      return wait(
        'camera-paused',
        'The camera gives no picture',
        'A switch on it, the system or another program holds it back; it continues by itself.',
      );
    case 'other':
      return bad('camera-failed', 'The camera did not start', 'Try another camera or browser.');
    case 'off':
      return {
        key: 'off',
        tone: 'idle',
        headline: 'See expressions live',
        advice: 'Your pictures go only to the server of this page, which stores nothing.',
      };
    case 'asking':
      return {
        key: 'asking',
        tone: 'wait',
        headline: 'Waiting for the camera',
        advice: 'The browser may ask for permission.',
      };
    default:
      return null;
  }
}

function serverTrouble({ connection, now }: PageFacts): PageState | null {
  if (connection === null || connection.state === 'connecting')
    return wait('connecting', 'Connecting to the server', '');
  if (connection.state === 'closed') return { key: 'closed', tone: 'idle', headline: 'Stopped', advice: '' };
  if (connection.state !== 'waiting') return null;
  const seconds = Math.max(0, Math.ceil((connection.retryAt - now) / 1000));
  return wait(
    'server-gone',
    `Reconnecting: ${connection.reason}`,
    seconds === 0 ? 'Next attempt now.' : `Next attempt in ${seconds} s.`,
  );
}

function sourceTrouble({ mode, source }: PageFacts): PageState | null {
  if (mode !== 'source') return null;
  const detail = source?.detail ?? '';
  switch (source?.state) {
    case undefined:
    case 'connecting':
      return wait('source-connecting', 'The server is opening its source', detail);
    case 'reconnecting':
      return wait('source-gone', 'The source was lost; the server reconnects', detail);
    case 'ended':
      return { key: 'source-ended', tone: 'idle', headline: 'The source has ended', advice: detail };
    case 'failed':
      return bad('source-failed', 'The source has failed', detail);
    case 'running':
      return null;
  }
}

function running({ framesPerSecond, runningFor, faces, problem }: PageFacts): PageState {
  if (framesPerSecond === 0 && problem !== null)
    return wait('server-problem', 'The server does not analyze the pictures', problem);
  if (framesPerSecond === 0) return wait('no-result', 'Waiting for results', '');
  if (runningFor > WARM_UP && framesPerSecond < SLOW) {
    return wait(
      'overloaded',
      `Slow: ${framesPerSecond.toFixed(1)} results per second`,
      'The server is overloaded, or the network is slow.',
    );
  }
  if (faces === 0)
    return {
      key: 'no-face',
      tone: 'good',
      headline: 'No face in the picture',
      advice: 'Move closer or turn on a light.',
    };
  return { key: 'running', tone: 'good', headline: faces === 1 ? 'One face' : `${faces} faces`, advice: '' };
}

function bad(key: string, headline: string, advice: string): PageState {
  return { key, tone: 'bad', headline, advice };
}

function wait(key: string, headline: string, advice: string): PageState {
  return { key, tone: 'wait', headline, advice };
}
