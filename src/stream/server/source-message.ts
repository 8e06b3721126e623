import type { LiveSourceStatus } from '../../ingest/live/index.js';
import type { SourceMessage } from '../protocol/index.js';

export function sourceMessage(name: string, status: LiveSourceStatus): SourceMessage {
  return {
    type: 'source',
    name,
    state: status.state,
    detail: 'reason' in status ? status.reason : null,
    retryIn: status.state === 'reconnecting' ? status.retryIn : null,
  };
}
