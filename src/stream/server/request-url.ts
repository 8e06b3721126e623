import type { IncomingMessage } from 'node:http';

/** Path and query of a request; null for what is none. Its host is made up: the Host header is not to be trusted for anything but Admission. */
export function requestUrl(request: IncomingMessage): URL | null {
  const text = `http://server${request.url ?? ''}`;
  return request.url?.startsWith('/') === true && URL.canParse(text) ? new URL(text) : null;
}
