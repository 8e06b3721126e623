import { readFileSync } from 'node:fs';
import { availableParallelism, freemem } from 'node:os';

/** Bytes that one process takes: networks, frames in flight, engine. Measured: docs/archives.md. */
const BYTES_PER_PROCESS = 1.2e9;
/** Cores that one process keeps busy. */
const CORES_PER_PROCESS = 1;

/** Processes that memory and cores allow, at least one. */
export function capacity(cores = availableParallelism(), bytes = availableMemory()): number {
  return Math.max(1, Math.min(Math.floor(cores / CORES_PER_PROCESS), Math.floor(bytes / BYTES_PER_PROCESS)));
}

/** Free memory of the machine, or the container's limit: the smaller one. */
function availableMemory(): number {
  const available = /^MemAvailable:\s+(\d+) kB/m.exec(read('/proc/meminfo') ?? '')?.[1];
  const machine = available === undefined ? freemem() : Number(available) * 1024;
  const limit = Number(read('/sys/fs/cgroup/memory.max') ?? NaN);
  const used = Number(read('/sys/fs/cgroup/memory.current') ?? NaN);
  return Number.isFinite(limit) ? Math.min(machine, limit - (Number.isFinite(used) ? used : 0)) : machine;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
