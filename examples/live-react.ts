/**
 * Reacts whenever the expression of a face changes, while a live server watches its source:
 *
 *   npm install ferstream ws @types/ws tsx
 *   npx fer live --source /dev/video0
 *   npx tsx examples/live-react.ts http://localhost:8787
 */
import { WebSocket } from 'ws';
import { LiveViewer } from 'ferstream/client';

/** An expression counts once it has led for SECONDS, with less than AMBIGUITY and a sure result. */
const SECONDS = 0.5;
const AMBIGUITY = 0.5;

const viewer = new LiveViewer(process.argv[2] ?? 'http://localhost:8787', {
  WebSocket,
  token: process.env['FER_TOKEN'],
});
const shown = new Map<number, string>();
const leading = new Map<number, { label: string; since: number }>();

viewer.on('state', (state) => {
  if (state.state === 'waiting')
    console.log(`${state.reason}; next attempt in ${Math.round((state.retryAt - Date.now()) / 1000)} s`);
  if (state.state === 'refused') console.log(state.problem.message);
});

// Every connection numbers faces from 1 again.
viewer.on('hello', () => {
  shown.clear();
  leading.clear();
});

viewer.on('result', ({ timestamp, faces }) => {
  for (const { trackId, label, ambiguity, trust } of faces) {
    const leader = leading.get(trackId);
    if (trust !== 'sure' || ambiguity > AMBIGUITY || leader?.label !== label)
      leading.set(trackId, { label, since: timestamp });
    else if (timestamp - leader.since >= SECONDS && shown.get(trackId) !== label) {
      shown.set(trackId, label);
      console.log(`${timestamp.toFixed(1)} s  face ${trackId}: ${label}`);
    }
  }
});
