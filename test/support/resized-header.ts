/** The same JPEG, but its header (the start of frame, ITU T.81 B.2.2) claims another size. */
export function withSize(jpeg: Uint8Array, width: number, height: number): Uint8Array {
  const claimed = jpeg.slice();
  const view = new DataView(claimed.buffer);
  for (let at = 2; at < claimed.length; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint8(at + 1);
    if (marker < 0xc0 || marker > 0xc2) continue;
    view.setUint16(at + 5, height);
    view.setUint16(at + 7, width);
    return claimed;
  }
  throw new Error('no start of frame in this JPEG');
}
