/** Which files could not be tested on, and what was tested on for want of better. Complete when the crops have ended. */
export interface CropNotes {
  /** Pictures tested on as a whole because no face was found in them. */
  wholePictures: number;
  /** Files that cannot be decoded, or not to the end. */
  readonly unreadable: { readonly path: string; readonly message: string }[];
}

export function emptyNotes(): CropNotes {
  return { wholePictures: 0, unreadable: [] };
}
