import { randomUUID } from 'node:crypto';
import { VERSION } from '../../version.js';
import type { LiveEngine } from '../live/live-engine.js';
import { PROTOCOL_VERSION } from '../protocol/index.js';
import type { HelloMessage, Role } from '../protocol/index.js';

/** Longest message of a client. */
export const MESSAGE_BYTES = 512 * 1024;

/** One being worked on and one on its way. */
const FRAMES_IN_FLIGHT = 2;

export function hello(role: Role, { description, maxPixels }: LiveEngine, messagesPerSecond: number): HelloMessage {
  return {
    type: 'hello',
    protocol: PROTOCOL_VERSION,
    role,
    session: randomUUID(),
    ferstream: VERSION,
    ...description,
    limits: {
      messageBytes: MESSAGE_BYTES,
      pixels: maxPixels,
      framesInFlight: FRAMES_IN_FLIGHT,
      messagesPerSecond,
    },
  };
}
