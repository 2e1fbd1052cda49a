/** The most transactions that share one database transaction. */
export const MAX_GROUP = 256;
/** A group takes no more in once it would write this much. */
export const MAX_GROUP_BYTES: number = 16 * 1_048_576;
/** Beyond this many transactions that wait, or reads, more are refused. */
export const MAX_WAITING = 50_000;
/** How long a group reads alone on its node; after that the next one starts beside it. */
export const READ_ALONE_MS = 10;
/** Round trips that a group spends on transactions which must run again after its others. */
export const MAX_REPLAY_TRIPS = 4;
/** How often a transaction is tried before it is given up because of conflicts. */
export const MAX_ATTEMPTS = 50;
/** The longest random wait before a transaction that met conflicts twice runs again. */
export const MAX_BACKOFF_MS = 50;
/** How long the fate of a commit whose answer was lost is asked for. */
export const FATE_TIMEOUT_MS = 10_000;
/** After a failed attempt to connect, requests fail at once for this long. */
export const CONNECT_PAUSE_MS = 250;
/** A connection older than this is replaced when it is idle. */
export const MAX_CONNECTION_AGE_MS = 86_400_000;
/** How often nodes tell each other that they are there, and measure the database's clock. */
export const PRESENCE_INTERVAL_MS = 10_000;
/** A node that was silent this long is not notified any more. */
export const PRESENCE_TIMEOUT_MS = 35_000;
/** PostgreSQL takes notifications of less than 8,000 bytes. */
export const MAX_NOTIFICATION_BYTES = 7_500;
/** How long a node that has just connected takes it that others are there. */
export const GREETING_MS = 2_000;
/** After leaving this many rows dead a node vacuums. */
export const VACUUM_AFTER_ROWS = 30_000;
/** The least time between two vacuums, and the least in terms of how long the last one took. */
export const VACUUM_PAUSE_MS = 3_000;
export const VACUUM_PAUSE_FACTOR = 9;
/** A vacuum that takes longer is given up. */
export const MAX_VACUUM_MS = 1_800_000;
/** How long a snapshot may do nothing between two reads. */
export const READ_IDLE_TIMEOUT_MS = 600_000;
/** How long a value that stays the same is taken from memory before it is read again. */
export const KNOWN_FOR_MS = 10_000;
/** The most values that are kept so, the largest of them, and how many candidates there are. */
export const MAX_KNOWN = 500;
export const MAX_KNOWN_BYTES = 16_384;
export const MAX_SEEN = 5_000;
