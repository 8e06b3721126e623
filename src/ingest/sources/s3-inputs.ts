import { FerError } from '../../errors/fer-error.js';
import { parseS3Address, s3Address } from '../../storage/s3-address.js';
import { headObject, listObjects } from '../../storage/s3-objects.js';
import type { ObjectInfo } from '../../storage/s3-objects.js';
import { isImageName, isVideoName, naturalOrder } from '../media-names.js';
import type { Input } from './frame-source.js';

/**
 * The inputs of an s3:// argument: an object, or the videos of a folder and its folders, in natural order. Hidden names are left out.
 * @throws FerError INPUT_NOT_FOUND, STORAGE_FAILED, PACKAGE_MISSING
 */
export async function expandS3(argument: string): Promise<Input[]> {
  const { key, bucket } = parseS3Address(argument);
  if (key !== '' && !key.endsWith('/')) {
    const object = await headObject(argument);
    if (object !== null) return [inputOf(object)];
  }
  const videos: Input[] = [];
  let pictures = 0;
  for await (const object of listObjects(argument)) {
    const name = parseS3Address(object.address).key.slice(key.length);
    if (/(^|\/)\./.test(name)) continue;
    if (isVideoName(name)) videos.push(inputOf(object));
    else if (isImageName(name)) pictures += 1;
  }
  if (videos.length > 0) return videos.sort((a, b) => naturalOrder(a.path, b.path));
  const place = s3Address({ bucket, key });
  throw new FerError(
    'INPUT_NOT_FOUND',
    pictures > 0
      ? `${place}: contains only pictures, which are not read from object storage: copy them to a folder`
      : `${place}: is not an object and contains no video: check the address`,
  );
}

function inputOf({ address, version }: ObjectInfo): Input {
  return { kind: 'url', path: address, name: address, version };
}
