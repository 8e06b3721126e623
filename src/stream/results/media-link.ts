import { dirname, relative, resolve } from 'node:path';
import { isS3Address } from '../../storage/s3-address.js';
import type { RunMetadata } from './run-metadata.js';

/**
 * Where an output can find the footage: a URL relative to its own folder, or the URL that was annotated; null if it is not a single file.
 * @param from path of the output
 */
export function mediaLink({ kind, name }: RunMetadata['input'], from: string): string | null {
  if (isS3Address(name)) return null; // no browser reads it
  if (kind === 'url') return name;
  return kind === 'file' ? relativeUrl(from, name) : null;
}

/** The way from a file to another, as a URL. */
export function relativeUrl(from: string, to: string): string {
  const parts = relative(dirname(resolve(from)), resolve(to))
    .split(/[\\/]/)
    .map(encodeURIComponent);
  return parts[0] === '..' ? parts.join('/') : `./${parts.join('/')}`;
}
