import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Command lines of the running processes that mention `text`: what must be none once ffmpeg has been stopped. */
export async function processesMentioning(text: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid,args']);
  return stdout.split('\n').filter((line) => line.includes(text) && !line.includes('ps -eo'));
}
