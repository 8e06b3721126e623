/** One thing to annotate. */
export interface Input {
  readonly kind: 'file' | 'images' | 'url' | 'stdin';
  /** File, folder or picture path; URL; "-" for stdin. */
  readonly path: string;
  /** As the user named it; for what was found in a folder, the folder as named and the way from there. */
  readonly name: string;
}
