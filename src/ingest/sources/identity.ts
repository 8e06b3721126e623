import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { isS3Address } from '../../storage/s3-address.js';
import { headObject } from '../../storage/s3-objects.js';
import { inputError } from '../probe/refusal.js';
import { imageFiles } from './image-source.js';
import type { Input } from './frame-source.js';

/** Milliseconds for a server to answer a HEAD request. */
const HEAD_TIMEOUT = 15_000;

/**
 * Content hash of an input, "sha256:...": of a file's content; of the names and contents of an image folder; of a URL with
 * the validators of its server (ETag, Last-Modified, Content-Length). Null if unknown: stdin, and servers without ETag and
 * Last-Modified.
 * @throws FerError INPUT_NOT_FOUND, also for an image folder without pictures; INPUT_UNREADABLE for a file that cannot be read
 */
export async function identifyInput(input: Pick<Input, 'kind' | 'path' | 'version'>): Promise<string | null> {
  const hash = createHash('sha256');
  switch (input.kind) {
    case 'stdin':
      return null;
    case 'file':
      await addFile(hash, input.path).catch((error: unknown) => {
        throw inputError(input.path, error);
      });
      break;
    case 'images':
      for (const path of await imageFiles(input.path)) {
        // Fixed-size digests keep a name from running into the content after it.
        const content = createHash('sha256');
        // An unreadable picture is a row of the results; once it can be read, the results change.
        await addFile(content, path).catch(() => content.update('unreadable'));
        hash.update(createHash('sha256').update(basename(path)).digest()).update(content.digest());
      }
      break;
    case 'url': {
      const validators = await (isS3Address(input.path) ? objectVersion(input) : validatorsOf(input.path));
      if (validators === null) return null;
      hash.update(JSON.stringify([input.path, validators]));
    }
  }
  return `sha256:${hash.digest('hex')}`;
}

async function addFile(hash: Hash, path: string): Promise<void> {
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
}

async function objectVersion({ path, version }: Pick<Input, 'path' | 'version'>): Promise<string[] | null> {
  const known = version ?? (await headObject(path))?.version ?? null;
  return known === null ? null : [known];
}

async function validatorsOf(url: string): Promise<(string | null)[] | null> {
  try {
    const { ok, headers } = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(HEAD_TIMEOUT) });
    const [tag, modified] = [headers.get('etag'), headers.get('last-modified')];
    return ok && (tag !== null || modified !== null) ? [tag, modified, headers.get('content-length')] : null;
  } catch {
    return null; // reading reports the error
  }
}
