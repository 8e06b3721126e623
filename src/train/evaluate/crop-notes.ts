/** What could not be tested on, and what was tested on for want of better. Complete when the crops have ended. */
export interface CropNotes {
  /** Labelled frames of clips in which no face was found, or of which there is no picture. */
  framesWithoutFace: number;
  /** Pictures tested on as a whole because no face was found in them. */
  wholePictures: number;
  /** Files that cannot be decoded, or not to the end. */
  readonly unreadable: { readonly path: string; readonly message: string }[];
}

export function emptyNotes(): CropNotes {
  return { framesWithoutFace: 0, wholePictures: 0, unreadable: [] };
}
