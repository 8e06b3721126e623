/** What can be wrong with what a client does, in one table: docs/protocol.md is kept equal to it by a test. */
export const PROBLEM_CODES = {
  BAD_HEADER: 'A binary message that does not begin with a frame header of this version.',
  BAD_PICTURE: 'No JPEG, or one that is cut short or damaged.',
  PICTURE_TOO_LARGE: 'More pixels than the server takes.',
  BAD_MESSAGE: 'A text message that is no JSON object of a known type.',
  NOT_ALLOWED: 'A message that this kind of connection may not send.',
  TOO_FAST: 'More messages a second than the server takes; they were not looked at.',
  UNAUTHORIZED: 'The token is missing or wrong.',
  TOO_MANY_SESSIONS: 'The server has as many connections of this kind as it takes.',
  NO_SOURCE: 'There is nothing to watch: the server was started without a source.',
  SHUTTING_DOWN: 'The server is being stopped.',
  INTERNAL: 'A defect in the server itself.',
} as const;

export type ProblemCode = keyof typeof PROBLEM_CODES;

export interface Problem {
  readonly code: ProblemCode;
  /** One line: what, and what to do. */
  readonly message: string;
}

/** WebSocket close codes after a problem that ends the connection; 1009 (message too large) and 1001 (going away) are the standard's. */
export const CLOSE_CODES = {
  UNAUTHORIZED: 4401,
  NO_SOURCE: 4404,
  TOO_FAST: 4429,
  TOO_MANY_SESSIONS: 4503,
  SHUTTING_DOWN: 1001,
  INTERNAL: 1011,
} as const satisfies Partial<Record<ProblemCode, number>>;
