import { join } from 'node:path';
import { expect, expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import { clientMessage, messageJsonSchema, serverMessage } from './message-schema.js';
import type { ClientMessage, ServerMessage } from './messages.js';

const SCHEMA_FILE = join(import.meta.dirname, '../../../docs/schema/live-protocol.schema.json');

it('equals the JSON Schema in docs', async () => {
  await expect(`${JSON.stringify(messageJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(SCHEMA_FILE);
});

/** The fields of every type of message. */
type Fields<T extends { type: string }> = { [K in T['type']]: keyof Extract<T, { type: K }> };

it('has the typed messages and fields', () => {
  expectTypeOf<Fields<z.output<typeof serverMessage>>>().toEqualTypeOf<Fields<ServerMessage>>();
  expectTypeOf<Fields<z.output<typeof clientMessage>>>().toEqualTypeOf<Fields<ClientMessage>>();
});

it('rejects invalid messages', () => {
  const skipped = { type: 'skipped', sequence: 3, reason: 'newer' };
  expect(serverMessage.safeParse(skipped).success).toBe(true);
  expect(serverMessage.safeParse({ ...skipped, sequence: -1 }).success).toBe(false);
  expect(serverMessage.safeParse({ ...skipped, reason: 'tired' }).success).toBe(false);
  expect(serverMessage.safeParse({ type: 'reset' }).success).toBe(false);
  expect(clientMessage.safeParse({ type: 'reset' }).success).toBe(true);
});
