import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type * as ClientS3 from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Upload } from '@aws-sdk/lib-storage';
import { FerError, optionalPackage } from '../errors/fer-error.js';

/** A place in object storage: an object, or a prefix that acts as a folder. */
export interface S3Place {
  readonly bucket: string;
  /** As it is, without percent encoding; empty for the whole bucket. */
  readonly key: string;
}

export function isS3Address(address: string): boolean {
  return /^s3:\/\//i.test(address);
}

/** @throws FerError CONFIG_INVALID without a bucket */
export function parseS3Address(address: string): S3Place {
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]*)\/?(.*)$/is.exec(address) ?? [];
  if (bucket === '') throw new FerError('CONFIG_INVALID', `${address}: names no bucket; write s3://bucket/key`);
  return { bucket, key };
}

export function s3Address({ bucket, key }: S3Place): string {
  return `s3://${bucket}/${key}`;
}

/** The address of something in a folder. @param path with forward slashes */
export function s3Join(folder: string, path: string): string {
  return `${folder.replace(/\/+$/, '')}/${path}`;
}

/** Bytes of a part of a multipart upload; smaller files are sent in one request. */
const PART_BYTES = 16 * 1024 * 1024;
/** Bytes of the first request of a read, and of the largest; each is twice the one before. */
const FIRST_READ = 1024 * 1024;
const LARGEST_READ = 16 * 1024 * 1024;

/** An object, as listings and HEAD requests describe it. */
export interface ObjectInfo {
  /** s3://bucket/key */
  readonly address: string;
  readonly bytes: number;
  /** Changes with the content: ETag and size. */
  readonly version: string;
}

type Sdk = typeof ClientS3 & { readonly Upload: typeof Upload };

let opened: Promise<{ readonly sdk: Sdk; readonly client: S3Client }> | undefined;

/**
 * The SDK and a client of it. Credentials, region and profile come from where the SDK looks for them; AWS_ENDPOINT_URL_S3 names a server of
 * another vendor, which is addressed by path and not sent checksums that only AWS knows.
 * @throws FerError PACKAGE_MISSING
 */
async function s3(): Promise<{ readonly sdk: Sdk; readonly client: S3Client }> {
  // Its notice about Node versions would stand among our messages.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  // With a catch, a bundler accepts that the package is missing.
  const missing = (error: unknown): never => {
    throw error;
  };
  const load = async (): Promise<Sdk> => ({
    ...(await import('@aws-sdk/client-s3').catch(missing)),
    Upload: (await import('@aws-sdk/lib-storage').catch(missing)).Upload,
  });
  opened ??= optionalPackage(load, '@aws-sdk/client-s3 @aws-sdk/lib-storage', 's3://').then((sdk) => {
    const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION } = process.env;
    const endpoint = AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL;
    const region = AWS_REGION ?? AWS_DEFAULT_REGION ?? (endpoint === undefined ? undefined : 'us-east-1');
    const other = { forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED' } as const; // prettier-ignore
    return { sdk, client: new sdk.S3Client({ ...(region && { region }), ...(endpoint && { endpoint, ...other }) }) };
  });
  return opened;
}

/**
 * What is known about an object; null when there is none.
 * @throws FerError PACKAGE_MISSING; STORAGE_FAILED when the storage cannot be asked
 */
export async function headObject(address: string): Promise<ObjectInfo | null> {
  const { sdk, client } = await s3();
  const { bucket, key } = parseS3Address(address);
  if (key === '') return null;
  try {
    const { ContentLength = 0, ETag } = await client.send(new sdk.HeadObjectCommand({ Bucket: bucket, Key: key }));
    return infoOf(s3Address({ bucket, key }), ContentLength, ETag);
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw storageError(address, error);
  }
}

/**
 * The objects of a folder and its folders, page by page.
 * @param address prefix; "/" is added where it does not end with it
 * @throws FerError PACKAGE_MISSING, STORAGE_FAILED
 */
export async function* listObjects(address: string): AsyncGenerator<ObjectInfo> {
  const { sdk, client } = await s3();
  const { bucket, key } = parseS3Address(address);
  const prefix = key === '' || key.endsWith('/') ? key : `${key}/`;
  try {
    for await (const page of sdk.paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
      for (const { Key, Size = 0, ETag } of page.Contents ?? []) {
        // Some programs mark a folder by an empty object.
        if (Key !== undefined && !Key.endsWith('/')) yield infoOf(s3Address({ bucket, key: Key }), Size, ETag);
      }
    }
  } catch (error) {
    throw storageError(address, error);
  }
}

interface ReadOptions {
  /** As in the HTTP header: "bytes=100-", "bytes=0-99". */
  readonly range?: string;
  /** Refuses (412) an object that is not this one any more. */
  readonly etag?: string;
  readonly signal?: AbortSignal;
}

/**
 * Reads an object or a part of it, like `fetch`: refusals of the storage are answers with a status. Behind the answer are several requests
 * for parts that grow, so that a reader who jumps about leaves little unread.
 * @throws what the network throws; FerError PACKAGE_MISSING
 */
export async function fetchObject(address: string, { range, etag, signal }: ReadOptions = {}): Promise<Response> {
  const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  const start = Number(from);
  const end = to === '' ? Infinity : Number(to);
  let body: Readable | undefined;
  signal?.addEventListener('abort', () => body?.destroy(), { once: true });
  try {
    const first = await getPart(address, start, Math.min(end, start + FIRST_READ - 1), etag, signal);
    const last = Math.min(end, first.total - 1);
    const parts = async function* (): AsyncGenerator<Uint8Array> {
      let bytes = FIRST_READ;
      for (let part = first; ;) {
        body = part.body;
        yield* body as AsyncIterable<Uint8Array>;
        if (part.end >= last) return;
        bytes = Math.min(LARGEST_READ, 2 * bytes);
        part = await getPart(address, part.end + 1, Math.min(last, part.end + bytes), first.etag, signal);
      }
    };
    const headers = {
      'accept-ranges': 'bytes',
      'content-length': String(last - start + 1),
      'content-range': `bytes ${start}-${last}/${first.total}`,
      etag: first.etag,
    };
    const stream = Readable.toWeb(Readable.from(parts(), { objectMode: false })) as ReadableStream<Uint8Array>;
    return new Response(stream, { status: range === undefined ? 200 : 206, headers });
  } catch (error) {
    const status = statusOf(error);
    if (status === null || status < 300) throw error;
    return new Response(null, { status, statusText: (error as Error).name });
  }
}

async function getPart(
  address: string,
  start: number,
  end: number,
  etag: string | undefined,
  signal: AbortSignal | undefined,
): Promise<{ body: Readable; end: number; total: number; etag: string }> {
  const { sdk, client } = await s3();
  const { bucket, key } = parseS3Address(address);
  const {
    Body,
    ContentRange,
    ContentLength = 0,
    ETag = '',
  } = await client.send(
    new sdk.GetObjectCommand({
      Bucket: bucket,
      Key: key,
      Range: `bytes=${start}-${end}`,
      ...(etag && { IfMatch: etag }),
    }),
    { ...(signal && { abortSignal: signal }) },
  );
  const total = Number(/\/(\d+)$/.exec(ContentRange ?? '')?.[1] ?? ContentLength);
  return {
    body: Body as Readable,
    end: ContentRange === undefined ? total - 1 : Math.min(end, total - 1),
    total,
    etag: ETag,
  };
}

/** The text of a small object; null when there is none. @throws FerError PACKAGE_MISSING, STORAGE_FAILED */
export async function readObject(address: string): Promise<string | null> {
  try {
    const answer = await fetchObject(address);
    if (answer.ok) return await answer.text();
    if (answer.status === 404) return null;
    throw new Error(`${answer.status} ${answer.statusText}`);
  } catch (error) {
    throw storageError(address, error);
  }
}

/**
 * Stores a file. The object appears by one request at the end: the PUT, or for a large file the completion of its multipart upload.
 * @throws FerError PACKAGE_MISSING, OUTPUT_UNWRITABLE
 */
export async function putFile(path: string, address: string, signal?: AbortSignal): Promise<void> {
  const { sdk, client } = await s3();
  const { bucket, key } = parseS3Address(address);
  const params = { Bucket: bucket, Key: key, Body: createReadStream(path) };
  const upload = new sdk.Upload({ client, params, partSize: PART_BYTES, queueSize: 2 });
  const abort = (): void => void upload.abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await upload.done();
  } catch (error) {
    if (signal?.aborted === true) throw new FerError('INTERRUPTED', `${address}: stopped while it was uploaded`);
    throw new FerError('OUTPUT_UNWRITABLE', `cannot write ${address}: ${reasonOf(error)}`, { cause: error });
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** @throws FerError PACKAGE_MISSING, STORAGE_FAILED */
export async function deleteObject(address: string): Promise<void> {
  const { sdk, client } = await s3();
  const { bucket, key } = parseS3Address(address);
  try {
    await client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key: key }));
  } catch (error) {
    throw storageError(address, error);
  }
}

function infoOf(address: string, bytes: number, etag = ''): ObjectInfo {
  return { address, bytes, version: `${etag.replaceAll('"', '')}-${bytes}` };
}

function storageError(address: string, error: unknown): FerError {
  if (error instanceof FerError) return error;
  return new FerError('STORAGE_FAILED', `${address}: ${reasonOf(error)}`, { cause: error });
}

function statusOf(error: unknown): number | null {
  return (error as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode ?? null;
}

/** The reason and the remedy, in one line. */
function reasonOf(error: unknown): string {
  const { name, message, code } = error as Error & { code?: string };
  const status = statusOf(error);
  if (name === 'CredentialsProviderError') return 'no credentials found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile'; // prettier-ignore
  if (name === 'NoSuchBucket') return 'the bucket does not exist; check the name and AWS_ENDPOINT_URL_S3';
  if (status === 401 || status === 403) return `access denied (${name}); check the credentials and their rights`;
  if (message === 'Region is missing') return 'no region is set; set AWS_REGION';
  const words = message === '' ? (code ?? name) : message.split('\n')[0]!;
  return `the storage does not answer as it should (${status === null ? '' : `${status} `}${words}); check AWS_ENDPOINT_URL_S3`;
}
