import { FerError } from '../../../errors/fer-error.js';

const MAGIC = '\u0093NUMPY';

/**
 * The first value of a NumPy .npy file (format versions 1 to 3) of whole numbers, floats or text; data sets keep single labels in such files.
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 * @throws FerError INPUT_UNREADABLE when it is none, is cut short, or holds another kind of value
 */
export function firstNpyValue(bytes: Uint8Array, name: string): number | string {
  const refuse = (what: string): FerError =>
    new FerError('INPUT_UNREADABLE', `${name}: ${what}: copy or download the file again`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || Buffer.from(bytes.subarray(0, 6)).toString('latin1') !== MAGIC)
    throw refuse('is no .npy file');
  const isLong = bytes[6]! >= 2;
  const headerAt = isLong ? 12 : 10;
  const dataAt = headerAt + (isLong ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = Buffer.from(bytes.subarray(headerAt, dataAt)).toString('utf8');
  const [, order, kind, digits] = /'descr':\s*'([<>|=]?)([a-zA-Z])(\d+)'/.exec(header) ?? [];
  const size = Number(digits) * (kind === 'U' ? 4 : 1);
  if (kind === undefined || dataAt + size > bytes.length) throw refuse('is cut short or holds no plain value');
  const little = order !== '>';
  switch (`${kind}${digits ?? ''}`) {
    case 'i1':
    case 'b1':
      return view.getInt8(dataAt);
    case 'u1':
      return view.getUint8(dataAt);
    case 'i2':
      return view.getInt16(dataAt, little);
    case 'u2':
      return view.getUint16(dataAt, little);
    case 'i4':
      return view.getInt32(dataAt, little);
    case 'u4':
      return view.getUint32(dataAt, little);
    case 'i8':
      return Number(view.getBigInt64(dataAt, little));
    case 'u8':
      return Number(view.getBigUint64(dataAt, little));
    case 'f4':
      return view.getFloat32(dataAt, little);
    case 'f8':
      return view.getFloat64(dataAt, little);
  }
  if (kind === 'S')
    return Buffer.from(bytes.subarray(dataAt, dataAt + size))
      .toString('latin1')
      .replace(/\0+$/, '');
  if (kind !== 'U') throw refuse(`holds values of the kind "${kind}", neither numbers nor text`);
  const codes = Array.from({ length: size / 4 }, (_, index) => view.getUint32(dataAt + index * 4, little)).filter(
    (code) => code !== 0,
  );
  return String.fromCodePoint(...codes);
}
