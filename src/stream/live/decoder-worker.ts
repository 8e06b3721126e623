/**
 * A worker thread that decodes pictures. The memory of each is garbage soon after, and here only a small heap is searched for it: in the
 * server's and the engine's threads that took tens of milliseconds several times a second.
 */

import type { Picture } from '../../ingest/frame.js';
import { serveWorker, withTransfer } from '../../workers/serve-worker.js';
import { tooLarge } from '../protocol/messages.js';
import type { Problem } from '../protocol/messages.js';

/** Methods of the decoder thread. */
export interface DecoderApi {
  /**
   * Decodes a JPEG to RGB as a browser shows it: rotated by its EXIF orientation, grey and CMYK converted.
   * @returns the pixels, or the problem with the picture
   */
  decode(jpeg: Uint8Array): Promise<Picture | Problem>;
}

export interface DecoderSetup {
  /** Larger pictures are refused by their header, before memory is allocated. */
  readonly maxPixels: number;
}

/** Start of image, and the first byte of the next marker: every JPEG starts with them. */
const SIGNATURE = [0xff, 0xd8, 0xff] as const;

function badPicture(message: string): Problem {
  return { code: 'BAD_PICTURE', message };
}

await serveWorker<null, DecoderApi>(async ({ maxPixels }: DecoderSetup) => {
  const { default: sharp } = await import('sharp');
  // No picture comes twice, so sharp's cache is of no use.
  sharp.cache(false);
  return {
    ready: null,
    api: {
      async decode(jpeg) {
        if (!SIGNATURE.every((byte, i) => jpeg[i] === byte))
          return badPicture(
            'the picture is not a JPEG (it does not start with FF D8 FF); send baseline or progressive JPEG',
          );
        try {
          const { data, info } = await sharp(jpeg, { failOn: 'error', limitInputPixels: maxPixels })
            .autoOrient()
            .toColourspace('srgb')
            .removeAlpha()
            .raw({ depth: 'uchar' })
            .toBuffer({ resolveWithObject: true });
          if (info.channels !== 3) return badPicture(`the JPEG decodes to ${info.channels} channels instead of 3`);
          // Node cannot move the memory of sharp's Buffers to another thread (sharp 0.35.5 leaks that of its `toUint8Array`).
          const pixels = Uint8Array.from(data);
          return withTransfer({ width: info.width, height: info.height, data: pixels }, [pixels.buffer]);
        } catch (error) {
          const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
          if (reason.includes('exceeds pixel limit')) return tooLarge(maxPixels);
          return badPicture(`the JPEG cannot be decoded: ${reason}; check that all of its bytes were sent`);
        }
      },
    },
  };
});
