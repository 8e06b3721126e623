import { open, readFile } from 'node:fs/promises';

/** A text that somebody wrote, in the encodings that editors, spreadsheets and PowerShell use, with plain line ends. Rejects as `readFile` does. */
export async function readText(path: string): Promise<string> {
  return decodeText(await readFile(path)).replace(/\r\n?/g, '\n');
}

/** UTF-8 or UTF-16 by its byte-order mark or its zero bytes; what is not valid UTF-8 is Windows-1252, which Excel writes in Western Europe. */
export function decodeText(bytes: Uint8Array): string {
  const decode = (encoding: string): string => new TextDecoder(encoding).decode(bytes);
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return decode('utf-16le');
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return decode('utf-16be');
  const start = bytes.subarray(0, 256);
  const zeros = (parity: number): number => start.filter((byte, i) => byte === 0 && i % 2 === parity).length;
  if (zeros(1) > start.length / 4) return decode('utf-16le');
  if (zeros(0) > start.length / 4) return decode('utf-16be');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return decode('windows-1252');
  }
}

/** The first bytes of a file, fewer where it is shorter. Rejects as `open` does. */
export async function headOf(path: string, length: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The encoding in which to stream a text, by its first bytes. Rejects as `open` does. */
export async function encodingOf(path: string): Promise<'utf8' | 'utf16le'> {
  const [first, second] = await headOf(path, 2);
  return first === 0xff && second === 0xfe ? 'utf16le' : 'utf8';
}

/** The first piece of a text without its byte-order mark. */
export function withoutMark(text: string): string {
  return text.replace(/^\uFEFF/, '');
}
