/** Raised when a client of the old version could no longer understand the server, or the other way round. */
export const PROTOCOL_VERSION = 1;

/** Where clients connect: producers send frames and get results, viewers watch the server's own source. */
export const PRODUCE_PATH = `/v${PROTOCOL_VERSION}/produce`;
export const WATCH_PATH = `/v${PROTOCOL_VERSION}/watch`;
