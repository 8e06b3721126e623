import type { IncomingMessage } from 'node:http';
import type { LiveServerSettings } from './live-server-options.js';
import { LOOPBACK_NAMES, isLoopback } from './live-server-options.js';
import { createHash, timingSafeEqual } from 'node:crypto';

/** Decides which requests are allowed, from their headers and address alone. */
export class Auth {
  private readonly scheme: string;
  /** Null: any name is allowed. */
  private readonly hostNames: ReadonlySet<string> | null;

  constructor(private readonly settings: Pick<LiveServerSettings, 'host' | 'token' | 'origins' | 'tls'>) {
    const { host, origins, tls } = settings;
    this.scheme = tls === null ? 'http' : 'https';
    this.hostNames = isLoopback(host)
      ? new Set([...LOOPBACK_NAMES, host, ...origins.map((origin) => new URL(origin).hostname)])
      : null;
  }

  /**
   * Guards against DNS rebinding: a page of another site whose name was made to resolve to 127.0.0.1 is "same-origin" here, but its browser sends
   * that name. A server that is open to a network may have any name; there the token keeps such pages out.
   */
  isHostAllowed(request: IncomingMessage): boolean {
    const own = this.ownOrigin(request);
    return own !== null && (this.hostNames === null || this.hostNames.has(own.hostname));
  }

  /** Browsers send the origin of the page that connects; pages of other sites are refused. Programs send none and are allowed. */
  isOriginAllowed(request: IncomingMessage): boolean {
    const { origin } = request.headers;
    if (origin === undefined) return true;
    const normal = URL.canParse(origin) ? new URL(origin).origin : 'null';
    return normal !== 'null' && (normal === this.ownOrigin(request)?.origin || this.settings.origins.includes(normal));
  }

  hasToken(request: IncomingMessage, url: URL): boolean {
    return this.settings.token === null || tokenMatches(this.settings.token, givenToken(request, url) ?? '');
  }

  private ownOrigin(request: IncomingMessage): URL | null {
    const text = `${this.scheme}://${request.headers.host ?? ''}`;
    const url = URL.canParse(text) ? new URL(text) : null;
    // A Host header is a name and a port; anything more is an attack.
    return url?.pathname === '/' && url.username === '' && url.search === '' ? url : null;
  }
}

/** The token of a request: `Authorization: Bearer ...`, or `?token=` for browsers, where a page cannot set the headers of a WebSocket. */
function givenToken(request: IncomingMessage, url: URL): string | null {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  return bearer ?? url.searchParams.get('token');
}

/** Compares in constant time; hashing first makes the lengths equal. */
function tokenMatches(expected: string, given: string): boolean {
  return timingSafeEqual(digest(expected), digest(given));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Path and query of a request; null if it has no valid path. The host is a placeholder: only `Auth` looks at the Host header. */
export function requestUrl(request: IncomingMessage): URL | null {
  const text = `http://server${request.url ?? ''}`;
  return request.url?.startsWith('/') === true && URL.canParse(text) ? new URL(text) : null;
}
