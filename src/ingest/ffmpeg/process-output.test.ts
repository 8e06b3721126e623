import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ProcessOutput } from './process-output.js';

const BYTES = 3_000_000;
/** Writes BYTES bytes, each its position modulo 251. */
const PROGRAM = `
  const bytes = Buffer.alloc(${BYTES});
  for (let i = 0; i < bytes.length; i++) bytes[i] = i % 251;
  process.stdout.write(bytes);
`;

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Counts, looks at every byte, and pauses after every chunk. */
function consumer(): {
  bytes: number;
  right: boolean;
  ended: Promise<void>;
  push: (c: Uint8Array) => boolean;
  end: () => void;
} {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  return {
    bytes: 0,
    right: true,
    ended,
    end,
    push(chunk) {
      for (const byte of chunk) this.right &&= byte === this.bytes++ % 251;
      return false;
    },
  };
}

async function readAll(): Promise<ReturnType<typeof consumer> & { readonly kind: string }> {
  const taken = consumer();
  const output = await ProcessOutput.open({
    push: (chunk) => {
      setImmediate(() => {
        output.resume();
      });
      return taken.push(chunk);
    },
    end: taken.end,
  });
  const { stdio } = output;
  const child = spawn(process.execPath, ['-e', PROGRAM], { stdio: ['ignore', stdio, 'inherit'] });
  output.attach(child.stdout);
  await taken.ended;
  return Object.assign(taken, { kind: stdio === 'pipe' ? 'pipe' : 'socket' });
}

describe('ProcessOutput', { timeout: 180_000 }, () => {
  it.skipIf(process.platform === 'win32')('reads every byte through its own socket, and leaves no file', async () => {
    const before = await readdir(tmpdir());
    const { bytes, right, kind } = await readAll();
    expect({ bytes, right, kind }).toEqual({ bytes: BYTES, right: true, kind: 'socket' });
    const left = (await readdir(tmpdir())).filter((name) => !before.includes(name));
    expect(left.filter((name) => /^ferstream-[A-Za-z0-9]{6}$/.test(name))).toEqual([]);
  });

  it('reads every byte where no socket can be made', async () => {
    vi.stubEnv('TMPDIR', '/nonexistent');
    vi.stubEnv('TEMP', '/nonexistent');
    const { bytes, right, kind } = await readAll();
    expect({ bytes, right, kind }).toEqual({ bytes: BYTES, right: true, kind: 'pipe' });
  });

  it('ends at once when told to', async () => {
    const taken = consumer();
    const output = await ProcessOutput.open(taken);
    const child = spawn(process.execPath, ['-e', PROGRAM], { stdio: ['ignore', output.stdio, 'ignore'] });
    output.attach(child.stdout);
    output.end();
    await taken.ended;
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    expect(code !== 0 || signal !== null || taken.bytes < BYTES).toBe(true);
  });
});
