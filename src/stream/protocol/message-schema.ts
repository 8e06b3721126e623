import { z } from 'zod';
import { faceLine } from '../output/annotation-schema.js';
import { PROBLEM_CODES } from './problem-codes.js';
import type { ProblemCode } from './problem-codes.js';
import { PROTOCOL_VERSION } from './protocol-version.js';

// Not exported from the protocol's index: the page is to do without zod. docs/schema/live-protocol.schema.json is this as JSON Schema.

const sequence = z.int().min(0).max(0xffff_ffff).describe("as in the frame's header");
const count = z.int().min(0);
const fraction = z.number().min(0).max(1);
const milliseconds = z.number().min(0).describe('milliseconds');

const hello = z
  .object({
    type: z.literal('hello'),
    protocol: z.literal(PROTOCOL_VERSION),
    role: z.enum(['producer', 'viewer']),
    session: z.string().describe('changes with every connection'),
    ferstream: z.string().describe('version of ferstream'),
    model: z.object({ name: z.string(), version: z.string(), labels: z.array(z.string()) }),
    engine: z.object({ backend: z.string(), device: z.string().nullable() }),
    limits: z.object({
      messageBytes: z.int().min(1).describe('a longer message ends the connection with 1009'),
      pixels: z.int().min(1),
      framesInFlight: z.int().min(1).describe('frames a producer may have sent that are not answered yet'),
      messagesPerSecond: z.number().positive(),
    }),
  })
  .describe('from the server: the first message to everybody who was let in');

const result = z
  .object({
    type: z.literal('result'),
    sequence,
    captureTime: milliseconds.describe("as in the frame's header, milliseconds"),
    timestamp: z
      .number()
      .describe('seconds since the first frame of the session, or the first after a reset, by time of capture'),
    width: z.int().min(1),
    height: z.int().min(1),
    status: z.enum(['ok', 'no-face', 'degraded']),
    faces: z.array(faceLine.partial({ landmarks: true })),
    timing: z.object({ waited: milliseconds, worked: milliseconds }),
  })
  .describe('from the server: what a frame shows');

const skipped = z
  .object({ type: z.literal('skipped'), sequence, reason: z.enum(['newer']) })
  .describe('from the server: a frame that was not looked at, since a newer one came before its turn');

const error = z
  .object({
    type: z.literal('error'),
    code: z.enum(Object.keys(PROBLEM_CODES) as [ProblemCode, ...ProblemCode[]]),
    message: z.string().describe('one line: what, and what to do'),
    sequence: sequence.nullable().describe('of the frame that was at fault; null where no frame can be named'),
    fatal: z.boolean().describe('true when the connection is closed after this'),
  })
  .describe('from the server');

const stats = z
  .object({
    type: z.literal('stats'),
    received: count,
    answered: count,
    skipped: count,
    refused: count,
    dropped: count.describe('messages not sent to a viewer that reads too slowly'),
    framesPerSecond: z.number().min(0),
    load: fraction.describe("share of the engine's time that is taken, by all sessions together"),
  })
  .describe('from the server: about every two seconds; counts since the connection was opened');

const source = z
  .object({
    type: z.literal('source'),
    name: z.string(),
    state: z.enum(['connecting', 'running', 'reconnecting', 'ended', 'failed']),
    detail: z.string().nullable(),
    retryIn: milliseconds.nullable(),
  })
  .describe("from the server, to viewers: how the server's source does; second of all, and whenever it changes");

const reset = z.object({ type: z.literal('reset') }).describe('from a producer: what comes next is another scene');

/** Every text message of the server. */
export const serverMessage = z.discriminatedUnion('type', [hello, result, skipped, error, stats, source]);

/** Every text message that a client may send. */
export const clientMessage = z.discriminatedUnion('type', [reset]);

/** All text messages as JSON Schema (draft 2020-12). Fields it does not name are allowed: later releases may add some. */
export function messageJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(
    z.discriminatedUnion('type', [...serverMessage.options, ...clientMessage.options]),
    { io: 'input' },
  );
  return { $schema, title: `One text message of ferstream's live protocol, version ${PROTOCOL_VERSION}`, ...rest };
}
