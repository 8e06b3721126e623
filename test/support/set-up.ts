import { removeFoldersAfterEachFile } from './temporary-folders.js';

removeFoldersAfterEachFile();
