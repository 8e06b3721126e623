/** Whether an argument names objects in object storage. */
export function isS3Address(text: string): boolean {
  return /^s3:\/\//i.test(text);
}

export interface S3Object {
  readonly address: string;
  /** ETag, which changes with the content. */
  readonly tag: string;
}

export async function* listS3(address: string): AsyncGenerator<S3Object> {
  await Promise.resolve();
  yield { address, tag: '' };
}
