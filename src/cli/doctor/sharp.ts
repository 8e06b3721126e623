import { reasonOf } from './check.js';
import type { CheckResult } from './check.js';

/** Whether the image library decodes what it has encoded; its native part is missing when npm left out optional packages. */
export async function checkSharp(): Promise<readonly CheckResult[]> {
  try {
    const { default: sharp } = await import('sharp');
    const jpeg = await sharp({ create: { width: 16, height: 16, channels: 3, background: { r: 200, g: 100, b: 50 } } })
      .jpeg()
      .toBuffer();
    const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true });
    const red = data[0] ?? -1;
    if (info.width !== 16 || Math.abs(red - 200) > 8)
      throw new Error(`a JPEG came back changed (${info.width} pixels wide, red ${red})`);
    return [
      { name: 'images', status: 'ok', detail: `sharp ${sharp.versions.sharp} reads and writes JPEG`, mend: null },
    ];
  } catch (error) {
    return [
      {
        name: 'images',
        status: 'failed',
        detail: `sharp does not work: ${reasonOf(error)}`,
        mend: 'npm install --include=optional sharp',
      },
    ];
  }
}
