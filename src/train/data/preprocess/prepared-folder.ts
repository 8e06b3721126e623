const PREPARED = 'prepared:';

/** The folder of a prepared data set; null where FORMAT:DIR names data of another format. */
export function preparedFolder(data: string): string | null {
  return data.startsWith(PREPARED) ? data.slice(PREPARED.length) : null;
}
