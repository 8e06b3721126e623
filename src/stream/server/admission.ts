import type { IncomingMessage } from 'node:http';
import type { LiveServerSettings } from './live-server-options.js';
import { LOOPBACK_NAMES, isLoopback } from './loopback.js';
import { givenToken, tokenMatches } from './token.js';

/** Who is let in; from nothing but a request's own headers and address. */
export class Admission {
  private readonly scheme: string;
  /** Null where every name will do. */
  private readonly hostNames: ReadonlySet<string> | null;

  constructor(private readonly settings: Pick<LiveServerSettings, 'host' | 'token' | 'origins' | 'tls'>) {
    const { host, origins, tls } = settings;
    this.scheme = tls === null ? 'http' : 'https';
    this.hostNames = isLoopback(host)
      ? new Set([...LOOPBACK_NAMES, host, ...origins.map((origin) => new URL(origin).hostname)])
      : null;
  }

  /**
   * Against DNS rebinding: a foreign page whose name has been made to point at 127.0.0.1 is "same-origin" here, but its browser sends that name.
   * Where the server is open to a network it may have any name, and the token keeps such pages out.
   */
  knowsHost(request: IncomingMessage): boolean {
    const own = this.ownOrigin(request);
    return own !== null && (this.hostNames === null || this.hostNames.has(own.hostname));
  }

  /** Browsers say which page connects, and pages of other sites must not; other programs say nothing, and may. */
  knowsOrigin(request: IncomingMessage): boolean {
    const { origin } = request.headers;
    if (origin === undefined) return true;
    const normal = URL.canParse(origin) ? new URL(origin).origin : 'null';
    return normal !== 'null' && (normal === this.ownOrigin(request)?.origin || this.settings.origins.includes(normal));
  }

  holdsToken(request: IncomingMessage, url: URL): boolean {
    return this.settings.token === null || tokenMatches(this.settings.token, givenToken(request, url) ?? '');
  }

  private ownOrigin(request: IncomingMessage): URL | null {
    const text = `${this.scheme}://${request.headers.host ?? ''}`;
    const url = URL.canParse(text) ? new URL(text) : null;
    // A Host header is a name and a port; anything more is an attempt at something.
    return url?.pathname === '/' && url.username === '' && url.search === '' ? url : null;
  }
}
