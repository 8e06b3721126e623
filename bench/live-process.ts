import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** `fer live` in a separate process. */
export interface LiveProcess {
  readonly url: string;
  /** The value of a line of /metrics, as "process_resident_memory_bytes"; NaN where it has none. */
  metrics(): Promise<(line: string) => number>;
  stop(): Promise<void>;
}

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** Starts the server from its sources on a free port. */
export async function startLive(...args: string[]): Promise<LiveProcess> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'src/cli/main.ts', 'live', '--no-open', '--port', '0', ...args],
    {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const exit = once(child, 'exit');
  let said = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const address = /page: (\S+)\/\n/.exec(said)?.[1];
      if (address !== undefined) resolve(address);
    });
    void exit.then(([code]) => {
      reject(new Error(`fer live ended with ${String(code)} before it served anything`));
    });
  });
  return {
    url,
    async metrics() {
      const lines = (await (await fetch(`${url}/metrics`)).text()).split('\n');
      return (name) => Number(lines.find((line) => line.startsWith(`${name} `))?.slice(name.length) ?? NaN);
    },
    async stop() {
      child.kill('SIGTERM');
      await exit;
    },
  };
}
