import { closest } from '../../../errors/closest.js';
import { FerError } from '../../../errors/fer-error.js';
import { affWild2 } from './aff-wild2.js';
import { affectnet } from './affectnet.js';
import { afew, sfew } from './afew.js';
import { ckPlus } from './ck-plus.js';
import { cremaD } from './crema-d.js';
import type { Dataset, DatasetReader, ReadOptions } from '../sample.js';
import { dfew } from './dfew.js';
import { expressionsInTheWild } from './expressions-in-the-wild.js';
import { ferplus, ferplusVotes } from './ferplus.js';
import { ferv39k } from './ferv39k.js';
import { mafw } from './mafw.js';
import { manifest } from './manifest.js';
import { prepared } from './prepared.js';
import { rafDb } from './raf-db.js';
import { ravdess } from './ravdess.js';

/** Every format that can be read; own data first. */
export const READERS: readonly DatasetReader[] = [
  manifest,
  affWild2,
  affectnet,
  afew,
  ckPlus,
  cremaD,
  dfew,
  expressionsInTheWild,
  ferplus,
  ferplusVotes,
  ferv39k,
  mafw,
  prepared,
  rafDb,
  ravdess,
  sfew,
];

/** @throws FerError CONFIG_INVALID for a name that no reader has; the message gives the nearest one */
export function readerNamed(name: string): DatasetReader {
  const names = READERS.map((reader) => reader.name);
  const reader = READERS.find((candidate) => candidate.name === name.toLowerCase());
  if (reader !== undefined) return reader;
  throw new FerError(
    'CONFIG_INVALID',
    `unknown data set format "${name}": did you mean "${closest(name, names)}"? (known: ${names.join(', ')})`,
  );
}

/**
 * Reads a data set named as `FORMAT:DIR`, for instance `ferplus:/data/ferplus`.
 * @throws FerError CONFIG_INVALID for an unknown format or a text without a colon, and what the reader throws
 */
export async function openDataset(location: string, options?: ReadOptions): Promise<Dataset> {
  const colon = location.indexOf(':');
  if (colon < 1 || colon === location.length - 1) {
    throw new FerError(
      'CONFIG_INVALID',
      `data set "${location}" is not FORMAT:DIR: write it as in "manifest:${location.replaceAll(':', '') || 'my-videos'}" for own data, or "ferplus:/data/ferplus"`,
    );
  }
  return readerNamed(location.slice(0, colon)).read(location.slice(colon + 1), options);
}
