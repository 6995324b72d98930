// What one HTTP/2 connection may take of us, in one table; docs/decisions/0005 tells it to operators.

/** What the peer may send on one stream, and on all together, before we give bytes back (RFC 9113 §5.2). */
export const STREAM_WINDOW = 4 << 20;
export const CONNECTION_WINDOW = 16 << 20;
/** SETTINGS_MAX_CONCURRENT_STREAMS of a server (§5.1.2). */
export const MAX_CONCURRENT_STREAMS = 1024;

/** One header list: decoded, by §10.5.1's count; encoded, over all its frames; and how many CONTINUATIONs it may have. */
export const MAX_HEADER_LIST_BYTES = 64 << 10;
export const MAX_BLOCK_BYTES = 128 << 10;
export const MAX_CONTINUATIONS = 64;

/** Above this much unsent output nothing more is taken from streams, nor read: the peer has to read first. */
export const MAX_PENDING_OUTPUT = 1 << 20;
/** Answers that wait on one connection for a client that does not read; a further one ends its stream. */
export const MAX_UNSENT_BYTES = 256 << 20;

/** Streams that the peer makes us end early (§10.5): so many at once, and so many more per second. */
export const RESETS = { burst: 1000, perSecond: 100 } as const;
/** Frames that move nothing on, PING, PRIORITY, empty DATA, unknown ones: so many at once, and so many more per second. */
export const IDLE_FRAMES = { burst: 10_000, perSecond: 1000 } as const;
/** SETTINGS touch every stream: each counts as so many idle frames. */
export const SETTINGS_COST = 100;

/** Streams that we ended early and remember, to ignore what was still under way on them (§5.1, closed). */
export const MAX_IGNORED_STREAMS = 1024;

/** How long a client has for the preface and its SETTINGS, and for a header block that it has begun. */
export const HANDSHAKE_MS = 20_000;
/** How long answers may wait for a client that takes none of their bytes. */
export const STALL_MS = 300_000;
/** How long a peer that broke the protocol has to read why. */
export const LAST_WORD_MS = 1000;
