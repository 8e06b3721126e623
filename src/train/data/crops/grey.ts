/** Rec. 601 luma, rounded to bytes: grey as `CropGeometry` means it and annotating cuts it. [..., 3] -> [..., 1] */
export function grey(rgb: Uint8Array): Uint8Array {
  const values = Uint8ClampedArray.from(
    { length: rgb.length / 3 },
    (_, i) => 0.299 * rgb[3 * i]! + 0.587 * rgb[3 * i + 1]! + 0.114 * rgb[3 * i + 2]!,
  ); // rounds
  return new Uint8Array(values.buffer);
}
