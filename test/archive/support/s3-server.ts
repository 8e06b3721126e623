import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Keys in one page of a listing: few, so that tests meet the second page. */
const PAGE = 3;
/** Bytes sent at a time. */
const PIECE = 64 * 1024;

interface Stored {
  readonly body: Buffer;
  readonly etag: string;
}

/**
 * Object storage in memory that speaks the part of the S3 protocol that ferstream uses: GET with ranges and If-Match, HEAD, PUT, DELETE,
 * multipart uploads, ListObjectsV2 in pages. Signatures are not checked, but a request without one is refused.
 */
export class TestS3 {
  /** "bucket/key" -> object. */
  readonly objects = new Map<string, Stored>();
  /** "GET bucket/key bytes=0-" of every request, in order. */
  readonly requests: string[] = [];
  /** Bytes of objects that were sent. */
  bytesSent = 0;
  /** Keys of which only the first half arrives, and then nothing more. */
  readonly stalling = new Set<string>();
  /** Keys that cannot be written. */
  readonly readOnly = new Set<string>();
  private readonly uploads = new Map<string, Map<number, Buffer>>();
  private readonly server = createServer((request, response) => {
    this.answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });

  static async start(): Promise<TestS3> {
    const s3 = new TestS3();
    s3.server.listen(0, '127.0.0.1');
    await once(s3.server, 'listening');
    return s3;
  }

  /** Forgets what was written and asked for. */
  clear(): void {
    this.objects.clear();
    this.readOnly.clear();
    this.requests.length = 0;
  }

  /** What a process needs to use it. */
  get environment(): Record<string, string> {
    const { port } = this.server.address() as AddressInfo;
    return {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: 'test-access-key',
      AWS_SECRET_ACCESS_KEY: 'test-secret',
      AWS_REGION: 'us-east-1',
    };
  }

  put(path: string, body: Buffer | string): void {
    const bytes = Buffer.from(body as string);
    this.objects.set(path, { body: bytes, etag: `"${createHash('md5').update(bytes).digest('hex')}"` });
  }

  text(path: string): string {
    return this.objects.get(path)?.body.toString() ?? '';
  }

  keys(prefix = ''): string[] {
    return [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const path = decodeURIComponent(url.pathname.slice(1));
    const { method = 'GET', headers } = request;
    this.requests.push(`${method} ${path}${url.search} ${headers.range ?? ''}`.trim());
    const refuse = (status: number, code: string): void => {
      response.writeHead(status, { 'content-type': 'application/xml' }).end(method === 'HEAD' ? '' : `<Error><Code>${code}</Code><Message>${code}</Message></Error>`); // prettier-ignore
    };
    if (headers.authorization?.startsWith('AWS4-HMAC-SHA256') !== true) {
      refuse(403, 'AccessDenied');
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const sent = Buffer.concat(chunks);
    const query = url.searchParams;
    if (method === 'GET' && query.get('list-type') === '2') this.list(path.replace(/\/$/, ''), query, response);
    else if (method === 'GET' || method === 'HEAD') this.read(path, request, response, refuse);
    else if (this.readOnly.has(path)) refuse(403, 'AccessDenied');
    else if (method === 'POST' && query.has('uploads')) {
      const id = randomUUID();
      this.uploads.set(id, new Map());
      response.end(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
    } else if (query.has('uploadId')) this.part(path, method, sent, query, response);
    else if (method === 'PUT') {
      this.put(path, sent);
      response.writeHead(200, { etag: this.objects.get(path)!.etag }).end();
    } else if (method === 'DELETE') {
      this.objects.delete(path);
      response.writeHead(204).end();
    } else refuse(501, 'NotImplemented');
  }

  private read(
    path: string,
    { method, headers }: IncomingMessage,
    response: ServerResponse,
    refuse: (status: number, code: string) => void,
  ): void {
    const object = this.objects.get(path);
    if (object === undefined) {
      refuse(404, 'NoSuchKey');
      return;
    }
    const { body, etag } = object;
    if (headers['if-match'] !== undefined && headers['if-match'] !== etag) {
      refuse(412, 'PreconditionFailed');
      return;
    }
    const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
    const [start, end] = [Number(from), to === '' ? body.length : Math.min(body.length, Number(to) + 1)];
    if (start > body.length) {
      refuse(416, 'InvalidRange');
      return;
    }
    const isPart = headers.range !== undefined;
    response.writeHead(isPart ? 206 : 200, {
      etag,
      'accept-ranges': 'bytes',
      'content-length': end - start,
      ...(isPart && { 'content-range': `bytes ${start}-${end - 1}/${body.length}` }),
    });
    if (method === 'HEAD') {
      response.end();
      return;
    }
    if (this.stalling.has(path)) response.write(body.subarray(start, start + ((end - start) >> 1)));
    else void this.send(body.subarray(start, end), response);
  }

  /** Piece by piece, so that what the reader does not take is not counted. */
  private async send(body: Buffer, response: ServerResponse): Promise<void> {
    const closed = once(response, 'close');
    for (let at = 0; at < body.length && !response.destroyed; at += PIECE) {
      const piece = body.subarray(at, at + PIECE);
      this.bytesSent += piece.length;
      if (response.write(piece)) continue;
      await Promise.race([once(response, 'drain'), closed]);
    }
    response.end();
  }

  private list(bucket: string, query: URLSearchParams, response: ServerResponse): void {
    const prefix = `${bucket}/${query.get('prefix') ?? ''}`;
    const all = this.keys(prefix);
    const after = query.get('continuation-token');
    const rest = after === null ? all : all.filter((key) => key > after);
    const page = rest.slice(0, PAGE);
    const more = rest.length > PAGE;
    const contents = page.map((key) => {
      const { body, etag } = this.objects.get(key)!;
      const name = key
        .slice(bucket.length + 1)
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;');
      return `<Contents><Key>${name}</Key><Size>${body.length}</Size><ETag>${etag}</ETag></Contents>`;
    });
    const next = more ? `<NextContinuationToken>${page.at(-1)!}</NextContinuationToken>` : '';
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(`<ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`);
  }

  private part(path: string, method: string, sent: Buffer, query: URLSearchParams, response: ServerResponse): void {
    const id = query.get('uploadId')!;
    const parts = this.uploads.get(id) ?? new Map<number, Buffer>();
    if (method === 'PUT') {
      parts.set(Number(query.get('partNumber')), sent);
      response.writeHead(200, { etag: `"part-${query.get('partNumber')}"` }).end();
      return;
    }
    this.uploads.delete(id);
    if (method === 'POST') {
      this.put(path, Buffer.concat([...parts].sort(([a], [b]) => a - b).map(([, part]) => part)));
      response.end(`<CompleteMultipartUploadResult><ETag>"whole"</ETag></CompleteMultipartUploadResult>`);
    } else response.writeHead(204).end();
  }
}
