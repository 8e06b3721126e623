import { FerError } from '../errors/fer-error.js';

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
