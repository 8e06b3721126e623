import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { withoutUser } from '../ffmpeg/url-relay.js';
import { isS3Address, headObject } from '../../storage/s3.js';
import { inputError } from '../probe/refusal.js';
import { imageFiles } from './image-source.js';
import type { Input } from './frame-source.js';

/** Milliseconds for a server to answer a HEAD request. */
const HEAD_TIMEOUT = 15_000;
/** Bytes up to which a file is read whole; of a larger one SAMPLES pieces, evenly spread from the first byte to the last, and its size. */
const WHOLE_FILE = 256 * 1024 * 1024;
const SAMPLES = 64;
const SAMPLE_BYTES = 1024 * 1024;

/**
 * Content hash of an input, "sha256:...": of a file's content ("sampled:..." above 256 MiB: of its size and 64 pieces of 1 MiB, so that an
 * archive is not read twice; a change between the pieces that keeps the size goes unnoticed); of the names and contents of an image folder; of a URL with
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
      try {
        const { size } = await stat(input.path);
        if (size > WHOLE_FILE) return `sampled:${await sampledHash(input.path, size)}`;
        await addFile(hash, input.path);
      } catch (error) {
        throw inputError(input.path, error);
      }
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
      const place = isS3Address(input.path) ? input.path : withoutUser(input.path).address;
      hash.update(JSON.stringify([place, validators]));
    }
  }
  return `sha256:${hash.digest('hex')}`;
}

async function addFile(hash: Hash, path: string): Promise<void> {
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
}

async function sampledHash(path: string, size: number): Promise<string> {
  const hash = createHash('sha256').update(String(size));
  const file = await open(path);
  try {
    for (let i = 0; i < SAMPLES; i += 1) {
      const at = Math.floor((i * (size - SAMPLE_BYTES)) / (SAMPLES - 1));
      const { buffer, bytesRead } = await file.read(Buffer.alloc(SAMPLE_BYTES), 0, SAMPLE_BYTES, at);
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

async function objectVersion({ path, version }: Pick<Input, 'path' | 'version'>): Promise<string[] | null> {
  const known = version ?? (await headObject(path))?.version ?? null;
  return known === null ? null : [known];
}

/** Some servers refuse HEAD, as do addresses that are signed for GET: of these the first byte is asked for. */
const QUESTIONS = [{ method: 'HEAD' }, { method: 'GET', range: 'bytes=0-0' }] as const;

async function validatorsOf(url: string): Promise<(string | null)[] | null> {
  const { address, authorization } = withoutUser(url);
  try {
    for (const { method, ...range } of QUESTIONS) {
      const signal = AbortSignal.timeout(HEAD_TIMEOUT);
      const { ok, headers, body } = await fetch(address, { method, headers: { ...authorization, ...range }, signal });
      await body?.cancel();
      if (!ok) continue;
      const [tag, modified] = [headers.get('etag'), headers.get('last-modified')];
      const size = headers.get('content-range')?.split('/')[1] ?? headers.get('content-length');
      return tag === null && modified === null ? null : [tag, modified, size];
    }
  } catch {
    // Reading reports the error.
  }
  return null;
}
