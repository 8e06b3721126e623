import { createListener, listen } from './http-listener.js';
import { parseServerOptions } from './live-server-options.js';
import type { LiveServerOptions } from './live-server-options.js';

/** Listens for a moment: tells whether a server could be opened with these options, before an engine is, which takes seconds. @throws FerError CONFIG_INVALID */
export async function tryListening(options: LiveServerOptions): Promise<void> {
  const { host, port, tls } = parseServerOptions(options);
  const trial = createListener(tls);
  await listen(trial, host, port);
  await new Promise((resolve) => trial.close(resolve));
}
