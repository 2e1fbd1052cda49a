import type {
  EncryptionConfiguration,
  LoggingConfiguration,
  RoutingConfigurationListItem,
  StateMachineType,
  TracingConfiguration,
} from "@aws-sdk/client-sfn";
import type { MapRunCall, Outcome } from "./interpreter/protocol.ts";
import type { Owner } from "./arns.ts";

/** A state machine as it is now. */
export interface MachineRecord extends Owner {
  /** Tells machines apart that had the same name one after the other. */
  readonly uid: string;
  readonly name: string;
  readonly type: StateMachineType;
  readonly status: "ACTIVE" | "DELETING";
  readonly createdMs: number;
  readonly updatedMs: number;
  /** The current revision. */
  readonly revisionId: string;
  /** The highest version number that was given, 0 at first. */
  readonly lastVersion: number;
}

/** One state of a machine's definition and configuration; never changes. */
export interface RevisionRecord {
  readonly revisionId: string;
  readonly definition: string;
  readonly roleArn: string;
  readonly createdMs: number;
  readonly logging: LoggingConfiguration;
  readonly tracing: TracingConfiguration;
  readonly encryption: EncryptionConfiguration;
  /** True for the one that CreateStateMachine made, whose id AWS does not show. */
  readonly isInitial: boolean;
  /** Set when the request that made it also asked for a version of it. */
  readonly publication?: { readonly description?: string };
}

/** A published version. */
export interface VersionRecord {
  readonly version: number;
  readonly revisionId: string;
  readonly description?: string;
  readonly createdMs: number;
}

/** An alias and where it sends executions. */
export interface AliasRecord {
  readonly name: string;
  readonly description?: string;
  readonly routing: readonly RoutingConfigurationListItem[];
  readonly createdMs: number;
  readonly updatedMs: number;
}

/** The tags of one resource. */
export interface TagsRecord {
  readonly tags: Readonly<Record<string, string>>;
}

/** An activity. */
export interface ActivityRecord extends Owner {
  readonly uid: string;
  readonly name: string;
  readonly createdMs: number;
  readonly encryption?: EncryptionConfiguration;
}

/** What an execution is from its start on. */
export interface ExecutionRecord extends Owner {
  readonly arn: string;
  readonly uid: string;
  readonly name: string;
  readonly type: StateMachineType;
  readonly machineName: string;
  readonly machineUid: string;
  readonly machineArn: string;
  readonly revisionId: string;
  readonly versionArn?: string;
  readonly aliasArn?: string;
  /** JSON text, as it was sent. */
  readonly input: string;
  readonly startMs: number;
  readonly traceHeader?: string;
  /** The lists that it is in. */
  readonly groups: readonly string[];
  /** The task that waits for its end. */
  readonly parent?: ParentTask;
  /** Set in a child of a map run. */
  readonly mapRun?: MapRunChild;
}

/** A `.sync` task. */
export interface ParentTask {
  readonly uid: string;
  readonly thread: number;
  readonly wait: number;
  readonly pattern: "sync" | "sync:2";
}

/** What makes an execution a child of a map run. */
export interface MapRunChild {
  readonly uid: string;
  readonly arn: string;
  readonly index: number;
  readonly itemCount: number;
  /** Where the processor's graph is in the machine's definition. */
  readonly graph: readonly (string | number)[];
}

/** How far an execution is. */
export interface ProgressRecord {
  readonly status: ExecutionStatusName;
  /** Grows with each commit: whoever computed a transition on an older one has lost. */
  readonly commit: number;
  readonly lastEvent: number;
  readonly nextThread: number;
  readonly nextWait: number;
  readonly stopMs?: number;
  readonly redriveCount: number;
  readonly redriveMs?: number;
  /** The latest redrives that were asked for with a client token, the oldest first. */
  readonly redrives?: readonly RequestedRedrive[];
  /** Whether no thread had anything to do after the last commit; absent where that is not known. */
  readonly isWaiting?: boolean;
  /** Whether the timer for the longest run is set: only those that wait need one. */
  readonly hasDeadline: boolean;
  readonly outcome?: Outcome;
}

/** A redrive that a client can ask for again without another one. */
export interface RequestedRedrive {
  readonly clientToken: string;
  readonly atMs: number;
}

/** How an execution stands, as the API names it. */
export type ExecutionStatusName =
  | "RUNNING"
  | "SUCCEEDED"
  | "FAILED"
  | "TIMED_OUT"
  | "ABORTED"
  | "PENDING_REDRIVE";

/** A task whose result comes from outside. */
export interface PendingTaskRecord {
  readonly thread: number;
  readonly token?: string;
  readonly heartbeatSeconds?: number;
  /** The activity's uid and the time of its queue entry. */
  readonly activity?: { readonly uid: string; readonly scheduledMs: number };
  /** ARN of the execution that was started for it. */
  readonly childArn?: string;
}

/** A task that waits for a worker. */
export interface ActivityTaskRecord {
  readonly token: string;
  readonly thread: number;
  /** JSON text. */
  readonly input: string;
}

/** What a map run is from its start on. */
export interface MapRunRecord extends Owner {
  readonly uid: string;
  readonly arn: string;
  readonly startMs: number;
  /** The execution that waits for it. */
  readonly executionUid: string;
  readonly executionArn: string;
  readonly machineName: string;
  readonly machineUid: string;
  readonly revisionId: string;
  readonly label: string;
  readonly call: MapRunCall;
}

/** How far a map run is. */
export interface MapRunProgress {
  readonly status: "RUNNING" | "SUCCEEDED" | "FAILED" | "ABORTED";
  /** The thread and wait of the execution that wait for it; a redrive makes a new wait. */
  readonly thread: number;
  readonly wait: number;
  readonly maxConcurrency: number;
  readonly toleratedFailureCount?: number;
  readonly toleratedFailurePercentage?: number;
  /** Items that were read and given to a child. */
  readonly readItems: number;
  /** Children that were started. */
  readonly started: number;
  /** Whether there are no more items. */
  readonly isRead: boolean;
  /** Whether children that did not succeed are still to be marked for the redrive. */
  readonly isRedriving: boolean;
  /** Set once what there is of results is written, when it did not succeed. */
  readonly isExported?: true;
  readonly stopMs?: number;
  readonly redriveCount: number;
  readonly redriveMs?: number;
}

/** What became of one child of a map run. */
export interface MapRunResult extends Outcome {
  readonly executionUid: string;
  readonly itemCount: number;
}
