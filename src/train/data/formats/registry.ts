import { join } from 'node:path';
import { FerError, closest } from '../../../errors/fer-error.js';
import { readHeader } from '../preprocess/prepared-header.js';
import { readPrepared } from '../preprocess/read-prepared.js';
import { Folders } from '../reading/folder-listing.js';
import type { Dataset, DatasetReader, ReadOptions } from '../sample.js';
import { afew, sfew } from './afew.js';
import { affWild2 } from './aff-wild2.js';
import { affectnet } from './affectnet.js';
import { ckPlus } from './ck-plus.js';
import { cremaD } from './crema-d.js';
import { dfew } from './dfew.js';
import { expressionsInTheWild } from './expressions-in-the-wild.js';
import { fer2013 } from './fer2013.js';
import { ferplus, ferplusVotes } from './ferplus.js';
import { ferv39k } from './ferv39k.js';
import { folders } from './folders.js';
import { jaffe } from './jaffe.js';
import { kdef } from './kdef.js';
import { mafw } from './mafw.js';
import { manifest } from './manifest.js';
import { rafDb } from './raf-db.js';
import { ravdess } from './ravdess.js';

/** Output of `fer dataset prepare`: the samples that have a face crop. `openPrepared` gives the crops too. */
export const prepared: DatasetReader = {
  name: 'prepared',
  title: 'face crops of a prepared set',
  labels: null,
  folds: 0,
  fits: async (root) => (await readHeader(root).catch(() => null)) !== null,
  async read(root: string, { split, fold, labels }: ReadOptions = {}): Promise<Dataset> {
    if (labels !== undefined)
      throw new FerError(
        'CONFIG_INVALID',
        `prepared: classes were named when ${root} was prepared: leave --labels out`,
      );
    if (fold !== undefined)
      throw new FerError(
        'CONFIG_INVALID',
        `prepared: the fold was chosen when ${root} was prepared: leave out fold ${fold}`,
      );
    return (await readPrepared(root, split)).dataset;
  },
};

/** Subfolders that are checked for a fitting format. */
const MOST_LOOKED_AT = 8;

/** Every format that can be read; own data first. */
export const READERS: readonly DatasetReader[] = [
  manifest,
  folders,
  affWild2,
  affectnet,
  afew,
  ckPlus,
  cremaD,
  dfew,
  expressionsInTheWild,
  fer2013,
  ferplus,
  ferplusVotes,
  ferv39k,
  jaffe,
  kdef,
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
  const [reader, root] = [readerNamed(location.slice(0, colon)), location.slice(colon + 1)];
  try {
    return await reader.read(root, options);
  } catch (error) {
    if (!(error instanceof FerError) || error.code !== 'INPUT_NOT_FOUND') throw error;
    const fitting = await locationThatFits(root, reader.name);
    if (fitting === null) throw error;
    throw new FerError('INPUT_NOT_FOUND', `${error.message}; this looks like ${fitting}`, { cause: error });
  }
}

/** Suggestion for a folder: another format, or a folder inside it. Null if nothing is recognised. */
async function locationThatFits(root: string, asked: string): Promise<string | null> {
  // Own data last: many sets are class folders too.
  const own = [manifest.name, folders.name];
  const others = [...READERS].sort((a, b) => Number(own.includes(a.name)) - Number(own.includes(b.name)));
  const inside = (await new Folders().subfolders(root)).slice(0, MOST_LOOKED_AT).map((name) => join(root, name));
  for (const place of [root, ...inside]) {
    for (const reader of others) {
      if (place === root && reader.name === asked) continue;
      if (await reader.fits(place).catch(() => false)) return `${reader.name}:${place}`;
    }
  }
  return null;
}
