import { expect, it, vi } from 'vitest';
import type { Connection } from './connection.js';
import { SessionFactory } from './upgrade-handler.js';
import type { SessionFactoryOptions } from './upgrade-handler.js';

/** How a viewer is refused by a server that allows none. */
function refusal(broadcast: object | null): unknown {
  const options = {
    settings: { maxProducers: 4, maxViewers: 0, messagesPerSecond: 60 },
    sessions: { count: () => 0 },
    broadcast,
  } as unknown as SessionFactoryOptions;
  const end = vi.fn();
  new SessionFactory(options).open('viewer', { end } as unknown as Connection, new URLSearchParams());
  return end.mock.calls[0]?.[0];
}

it('tells a viewer first that there is no source, then that there are too many viewers', () => {
  expect(refusal(null)).toBe('NO_SOURCE');
  expect(refusal({})).toBe('TOO_MANY_SESSIONS');
});
