/*
 * Numbers that AWS documents for Step Functions, and, after them, those of this server; the numbers of the
 * States Language are in language/limits.ts.
 */

/** Bytes of UTF-8 in the input or output of a state, task or execution. */
export const MAX_PAYLOAD_BYTES: number = 262_144;
/** Events in the history of one Standard execution; reaching it fails the execution. */
export const MAX_HISTORY_EVENTS: number = 25_000;
/** Events that an execution may have to be redriven. */
export const MAX_REDRIVABLE_EVENTS: number = 24_999;
/** Characters of a name of a state machine, execution or activity. */
export const MAX_NAME_LENGTH: number = 80;
/** Characters of an ARN. */
export const MAX_ARN_LENGTH: number = 256;
/** Characters of the ARN of a map run, or of a version that is deleted. */
export const MAX_LONG_ARN_LENGTH: number = 2_000;
/** Characters of the description of a version or an alias. */
export const MAX_DESCRIPTION_LENGTH: number = 256;
/** Characters of the id of a KMS key. */
export const MAX_KMS_KEY_ID_LENGTH: number = 2_048;
/** Seconds for which a data key is used, at least and at most. */
export const MIN_DATA_KEY_SECONDS: number = 60;
export const MAX_DATA_KEY_SECONDS: number = 900;
/** Seconds for which a data key is used when a request says nothing of it. */
export const DEFAULT_DATA_KEY_SECONDS: number = 300;
/** Characters of a trace header. */
export const MAX_TRACE_HEADER_LENGTH: number = 256;
/** Characters of the client token of a redrive. */
export const MAX_CLIENT_TOKEN_LENGTH: number = 64;
/** Versions that an alias sends executions to. */
export const MAX_ROUTES: number = 2;
/** Characters of the error that a caller gives. */
export const MAX_ERROR_LENGTH: number = 256;
/** Characters of the key of a tag. */
export const MAX_TAG_KEY_LENGTH: number = 128;
/** Characters of the value of a tag. */
export const MAX_TAG_VALUE_LENGTH: number = 256;
/** Tags of one resource. */
export const MAX_TAGS: number = 50;
/** Versions of one state machine. */
export const MAX_VERSIONS: number = 1_000;
/** Aliases of one state machine. */
export const MAX_ALIASES: number = 100;
/** The most entries of one page of a list. */
export const MAX_PAGE_SIZE: number = 1_000;
/** Entries of one page of a list when a request names no number. */
export const DEFAULT_PAGE_SIZE: number = 100;
/** Characters of the token of a page. */
export const MAX_PAGE_TOKEN_LENGTH: number = 1_024;
/** Characters of the token of a page of executions. */
export const MAX_EXECUTIONS_PAGE_TOKEN_LENGTH: number = 3_096;
/** Findings in a definition that one answer tells. */
export const MAX_DIAGNOSTICS: number = 100;
/** How long the token of a page is good for: 24 hours. */
export const PAGE_TOKEN_MS: number = 86_400_000;
/** How long a task token is, at most. */
export const MAX_TASK_TOKEN_LENGTH: number = 2_048;
/** Iterations of an inline Map that run at once when MaxConcurrency is 0. */
export const MAX_INLINE_MAP_CONCURRENCY: number = 40;
/** Children of a Distributed Map that run at once when MaxConcurrency is 0, and at most. */
export const MAX_DISTRIBUTED_MAP_CONCURRENCY: number = 10_000;
/** How long a Standard execution may run: a year. */
export const MAX_STANDARD_DURATION_MS: number = 31_536_000_000;
/** How long an Express execution may run: five minutes. */
export const MAX_EXPRESS_DURATION_MS: number = 300_000;
/** How long TestState may run: five minutes. */
export const MAX_TEST_STATE_DURATION_MS: number = 300_000;
/** How long a name of a closed execution stays taken, and its history stays: 90 days. */
export const EXECUTION_RETENTION_MS: number = 7_776_000_000;
/** How long after its end an execution can be redriven: 14 days. */
export const REDRIVE_PERIOD_MS: number = 1_209_600_000;
/** How many of the latest client tokens of an execution's redrives are known. */
export const MAX_REDRIVE_TOKENS: number = 10;
/** How long the client token of a redrive is known: 15 minutes. */
export const REDRIVE_TOKEN_MS: number = 900_000;
/** How often one execution can be redriven. */
export const MAX_REDRIVES: number = 1_000;
/** How long a poll for an activity's task is held: 60 seconds. */
export const ACTIVITY_POLL_MS: number = 60_000;
/** How long an HTTP task may take: 60 seconds. */
export const HTTP_TASK_MS: number = 60_000;
/** Bytes of all variables of an execution that are in scope. */
export const MAX_VARIABLES_BYTES: number = 10_485_760;

/** Bytes of events in one page of a history, so that an answer stays of a bearable size. */
export const MAX_HISTORY_PAGE_BYTES: number = 16_777_216;
/** Branches and iterations of one execution that may run at once, with what they are in. */
export const MAX_THREADS: number = 25_000;
/** Transitions that an Express execution makes before others have their turn. */
export const EXPRESS_TRANSITIONS_PER_TURN: number = 200;
/** Turns in a row of an Express execution that a clock which is moved waits for. */
export const MAX_AWAITED_TURNS: number = 250;
/** Transitions of one execution that may share a transaction. */
export const MAX_TRANSITIONS_PER_COMMIT: number = 16;
/**
 * Executions that one node advances at once: of Standard ones, of Express ones, and of Express children of
 * map runs, as many of each.
 */
export const MAX_RUNNING_EXECUTIONS: number = 512;
/** Outside calls of tasks that one node makes at once. */
export const MAX_RUNNING_TASKS: number = 256;
/** Parsed definitions that a node keeps. */
export const MAX_CACHED_DEFINITIONS: number = 1_000;
/** Children of a map run that are started in one transaction. */
export const MAP_RUN_START_CHUNK: number = 100;
/** Results of a map run's children that are read at once, each as long as a payload may be. */
export const RESULTS_PER_READ: number = 50;
/** Bytes of a file of results after which another begins. */
export const MAX_RESULT_FILE_BYTES: number = 67_108_864;
/** Bytes of an object that are written at once. */
export const OBJECT_WRITE_BYTES: number = 65_536;
/** Readers of map runs that a node keeps open while nobody reads them. */
export const MAX_IDLE_CURSORS: number = 64;
