import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Identifies a process. Its id alone does not: containers and hosts that share a disk use the same ids, and ids are reused.
 */
export interface ProcessIdentity {
  /** Hash of the place in which process ids are unique: the boot of a machine and a PID namespace (a container). */
  readonly place: string;
  readonly pid: number;
  /** When the process began, in the system's own count; '0' where the system does not tell. */
  readonly start: string;
}

let own: ProcessIdentity | undefined;

export function processIdentity(): ProcessIdentity {
  own ??= { place: hash(namespaceName()), pid: process.pid, start: statOf(process.pid)?.start ?? '0' };
  return own;
}

/** Whether a process still runs; null if unknown, because it belongs to another container or host. */
export function isRunning({ place, pid, start }: ProcessIdentity): boolean | null {
  if (place !== processIdentity().place) return null;
  if (process.platform === 'linux') {
    const found = statOf(pid);
    return found !== null && found.start === start && !found.dead;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs but belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Without a known namespace, every process counts as a separate host, of which nothing is known. */
function namespaceName(): string {
  if (process.platform !== 'linux') return hostname();
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8') + readlinkSync('/proc/self/ns/pid');
  } catch {
    return randomBytes(16).toString('hex');
  }
}

function statOf(pid: number): { readonly start: string; readonly dead: boolean } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the program's name in parentheses, may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const state = fields[0]!;
    return { start: fields[19]!, dead: state === 'Z' || state === 'X' };
  } catch {
    return null;
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
