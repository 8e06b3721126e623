import { collectClassFolders } from '../reading/class-folders.js';
import { defineReader } from '../reading/define-reader.js';
import { AFEW } from '../label-maps.js';

/** AFEW: Dhall et al., IEEE MultiMedia 2012; film clips in a folder for each class. */
export const afew = defineReader({ name: 'afew', title: 'AFEW', labels: AFEW }, (reading) =>
  collectClassFolders(reading, AFEW),
);

/** SFEW: single frames of AFEW's films, in the same folders and classes. */
export const sfew = defineReader({ name: 'sfew', title: 'SFEW', labels: AFEW }, (reading) =>
  collectClassFolders(reading, AFEW),
);
