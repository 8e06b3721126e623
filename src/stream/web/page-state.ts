import type { ConnectionState } from '../client/connection-state.js';
import type { SourceMessage } from '../protocol/messages.js';
import type { CameraProblem } from './camera-problem.js';

/** All that decides what the page says about itself. */
export interface PageFacts {
  readonly mode: 'camera' | 'source';
  /** Of the camera; null for the server's source. */
  readonly camera: 'off' | 'asking' | 'on' | CameraProblem | null;
  /** Null before the first attempt. */
  readonly connection: ConnectionState | null;
  /** What the server says of its source; null before it did. */
  readonly source: SourceMessage | null;
  /** Results a second, and for how many seconds frames have been sent or watched. */
  readonly framesPerSecond: number;
  readonly runningFor: number;
  readonly faces: number;
  /** As Date.now(). */
  readonly now: number;
}

export interface PageState {
  /** For style sheets and tests. */
  readonly key: string;
  /** "bad" needs a person, "wait" mends itself. */
  readonly tone: 'idle' | 'good' | 'wait' | 'bad';
  readonly headline: string;
  /** What to do, or what comes next; empty when there is nothing to say. */
  readonly advice: string;
}

/** Below so many results a second the overlay no longer follows. */
const SLOW = 5;
/** Seconds that are too few to judge the speed by. */
const WARM_UP = 4;

/** What the page says, the most pressing first. */
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
      'Open the address that "fer live" printed, with everything after the #.',
    );
  if (code === 'NO_SOURCE')
    return bad(
      'no-source',
      'The server has no source of its own',
      'Choose "This camera", or start it with one: fer live --source ...',
    );
  return bad('refused', 'The server refuses', message);
}

function cameraTrouble({ camera }: PageFacts): PageState | null {
  switch (camera) {
    case 'insecure':
      return bad(
        'insecure',
        'Browsers give the camera only to safe pages',
        'Open the page as http://localhost on the server itself, or by https.',
      );
    case 'denied':
      return bad(
        'denied',
        'No permission for the camera',
        'Allow it in the address bar or in the settings of the browser, then start again.',
      );
    case 'none':
      return bad('no-camera', 'No camera found', 'Connect one, then start again.');
    case 'in-use':
      return bad('in-use', 'The camera is taken', 'Close the other program that uses it, then start again.');
    case 'other':
      return bad('camera-failed', 'The camera does not start', 'Try another camera, or another browser.');
    case 'off':
      return {
        key: 'off',
        tone: 'idle',
        headline: 'The camera is off',
        advice: 'Pictures go to the server of this page only; it keeps none.',
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
    `No server: ${connection.reason}`,
    seconds === 0 ? 'Trying again.' : `Trying again in ${seconds} s.`,
  );
}

function sourceTrouble({ mode, source }: PageFacts): PageState | null {
  if (mode !== 'source') return null;
  const detail = source?.detail ?? '';
  switch (source?.state) {
    case undefined:
    case 'connecting':
      return wait('source-connecting', 'The server opens its source', detail);
    case 'reconnecting':
      return wait('source-gone', 'The source has broken off; the server tries again', detail);
    case 'ended':
      return { key: 'source-ended', tone: 'idle', headline: 'The source has ended', advice: detail };
    case 'failed':
      return bad('source-failed', 'The source has failed', detail);
    case 'running':
      return null;
  }
}

function running({ framesPerSecond, runningFor, faces }: PageFacts): PageState {
  if (framesPerSecond === 0) return wait('no-result', 'Waiting for the first result', '');
  if (runningFor > WARM_UP && framesPerSecond < SLOW) {
    return wait(
      'overloaded',
      `Slow: ${framesPerSecond.toFixed(1)} frames a second`,
      'The server has too much to do, or the network is slow.',
    );
  }
  if (faces === 0)
    return {
      key: 'no-face',
      tone: 'good',
      headline: 'No face in the picture',
      advice: 'Come closer, or turn on a light.',
    };
  return { key: 'running', tone: 'good', headline: faces === 1 ? 'One face' : `${faces} faces`, advice: '' };
}

function bad(key: string, headline: string, advice: string): PageState {
  return { key, tone: 'bad', headline, advice };
}

function wait(key: string, headline: string, advice: string): PageState {
  return { key, tone: 'wait', headline, advice };
}
