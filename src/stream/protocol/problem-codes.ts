/** All error codes of the protocol; a test keeps docs/protocol.md equal to this table. */
export const PROBLEM_CODES = {
  BAD_HEADER: 'A binary message that does not start with a frame header of this version.',
  BAD_PICTURE: 'The picture is not a JPEG, or the JPEG is truncated or damaged.',
  PICTURE_TOO_LARGE: 'More pixels than the server accepts.',
  BAD_MESSAGE: 'A text message that is not a JSON object of a known type.',
  NOT_ALLOWED: 'A message that this kind of connection may not send.',
  TOO_FAST: 'More messages per second than the server accepts; the excess was ignored.',
  UNAUTHORIZED: 'The token is missing or wrong.',
  ORIGIN_NOT_ALLOWED: 'The page is of another site, which `--allow-origin` does not name.',
  TOO_MANY_SESSIONS: 'The server has as many connections of this kind as it allows.',
  NO_SOURCE: 'The server was started without a source.',
  SHUTTING_DOWN: 'The server is shutting down.',
  INTERNAL: 'An internal error in the server.',
} as const;

export type ProblemCode = keyof typeof PROBLEM_CODES;

export interface Problem {
  readonly code: ProblemCode;
  /** One line: what, and what to do. */
  readonly message: string;
}

/** WebSocket close codes after fatal problems; 1001 (going away) and 1011 (internal error) are the standard's. */
export const CLOSE_CODES = {
  UNAUTHORIZED: 4401,
  ORIGIN_NOT_ALLOWED: 4403,
  NO_SOURCE: 4404,
  TOO_FAST: 4429,
  TOO_MANY_SESSIONS: 4503,
  SHUTTING_DOWN: 1001,
  INTERNAL: 1011,
} as const satisfies Partial<Record<ProblemCode, number>>;
