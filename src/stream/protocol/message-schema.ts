import { z } from 'zod';
import { faceLine } from '../results/annotation-schema.js';
import { PROBLEM_CODES, PROTOCOL_VERSION } from './messages.js';
import type { ProblemCode } from './messages.js';

// Not part of ferstream/protocol, so that browsers do not load zod. docs/schema/live-protocol.schema.json is this as JSON Schema.

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
      framesInFlight: z.int().min(1).describe('unanswered frames that a producer may have'),
      messagesPerSecond: z.number().positive(),
    }),
  })
  .describe('from the server: the first message of every accepted connection');

const result = z
  .object({
    type: z.literal('result'),
    sequence,
    captureTime: milliseconds.describe("as in the frame's header, milliseconds"),
    timestamp: z
      .number()
      .describe('seconds since the first frame of the session, or the first after a reset, by capture time'),
    width: z.int().min(1),
    height: z.int().min(1),
    status: z.enum(['ok', 'no-face', 'degraded']),
    faces: z.array(faceLine.partial({ landmarks: true })),
    timing: z.object({ waited: milliseconds, worked: milliseconds }),
  })
  .describe('from the server: the faces of a frame');

const skipped = z
  .object({ type: z.literal('skipped'), sequence, reason: z.enum(['newer']) })
  .describe('from the server: a frame that was not analyzed because a newer one came before its turn');

const error = z
  .object({
    type: z.literal('error'),
    code: z.enum(Object.keys(PROBLEM_CODES) as [ProblemCode, ...ProblemCode[]]),
    message: z.string().describe('one line: what is wrong and what to do'),
    sequence: sequence.nullable().describe('of the frame with the error; null if it belongs to no frame'),
    fatal: z.boolean().describe('true if the connection is closed after this'),
  })
  .describe('from the server');

const stats = z
  .object({
    type: z.literal('stats'),
    received: count,
    answered: count,
    skipped: count,
    refused: count,
    dropped: count.describe('messages dropped for a viewer that reads too slowly'),
    framesPerSecond: z.number().min(0),
    load: fraction.describe("share of the engine's time spent working for all sessions"),
  })
  .describe('from the server: about every two seconds; counts since the connection opened');

const source = z
  .object({
    type: z.literal('source'),
    name: z.string(),
    state: z.enum(['connecting', 'running', 'reconnecting', 'ended', 'failed']),
    detail: z.string().nullable(),
    retryIn: milliseconds.nullable(),
  })
  .describe("from the server, to viewers: the state of the server's source; after hello, and whenever it changes");

const reset = z.object({ type: z.literal('reset') }).describe('from a producer: the next frame is a new scene');

/** Every text message from the server. */
export const serverMessage = z.discriminatedUnion('type', [hello, result, skipped, error, stats, source]);

/** Every text message that a client may send. */
export const clientMessage = z.discriminatedUnion('type', [reset]);

/** All text messages as JSON Schema (draft 2020-12). Unknown fields are allowed: later releases may add some. */
export function messageJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(
    z.discriminatedUnion('type', [...serverMessage.options, ...clientMessage.options]),
    { io: 'input' },
  );
  return { $schema, title: `One text message of ferstream's live protocol, version ${PROTOCOL_VERSION}`, ...rest };
}
