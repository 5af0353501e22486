/** Something that a plugin has found. */
export interface Finding {
  readonly type: 'finding';
  readonly plugin: string;
  readonly db: string;
  /** The document; absent where the finding is about the database. */
  readonly id?: string;
  readonly rev?: string;
  /** What the plugin says of it: JSON. */
  readonly [detail: string]: unknown;
}

/** A finding as a plugin tells it: what is left out is filled in. */
export interface FindingDetails {
  readonly type?: never;
  readonly plugin?: never;
  readonly db?: string;
  readonly id?: string;
  readonly rev?: string;
  readonly [detail: string]: unknown;
}

/** What a plugin has to say of a database, or of the whole scan, such as totals. */
export interface Report {
  readonly type: 'report';
  readonly plugin: string;
  /** Absent where it is about the whole scan. */
  readonly db?: string;
  readonly [detail: string]: unknown;
}

/** A report as a plugin tells it. */
export interface ReportDetails {
  readonly type?: never;
  readonly plugin?: never;
  readonly db?: string;
  readonly [detail: string]: unknown;
}

/** How far a scan has come. */
export interface Progress extends ScanCounts {
  readonly type: 'progress';
  /** The database that is being scanned. */
  readonly db: string;
  /** How many changes of this database are still to be looked at, where the source says. */
  readonly pending?: number;
}

/** Something could not be scanned, and was passed over; or with `fatal`, a plugin's run has ended. */
export interface Failure {
  readonly type: 'failure';
  /** Absent where it concerns all of them. */
  readonly plugin?: string;
  /** The callback that failed. */
  readonly callback?: string;
  readonly db?: string;
  readonly id?: string;
  readonly message: string;
  readonly error: unknown;
  readonly fatal: boolean;
}

/** What a scan has done so far. */
export interface ScanCounts {
  readonly databases: number;
  readonly designDocs: number;
  /** Documents that were looked at, tombstones among them. */
  readonly documents: number;
  /** Bodies that were read. */
  readonly bodies: number;
  readonly findings: number;
  readonly failures: number;
}

/** How one plugin came out of a scan. */
export interface PluginSummary {
  /**
   * `finished`: everything was scanned. `unfinished`: the budget is spent, or `checkpoint` said stop. `skipped`, `reset`, `rescheduled`:
   * its `start` or `resume` said so. `failed`: it threw where nothing can be passed over, or too often.
   */
  readonly state: 'finished' | 'unfinished' | 'skipped' | 'reset' | 'rescheduled' | 'failed';
  readonly scan: string;
  readonly findings: number;
  readonly failures: number;
  /** When it wants to run again, in milliseconds since 1970, where it says so. */
  readonly at?: number;
}

/** The last event of a scan. */
export interface ScanSummary extends ScanCounts {
  readonly type: 'summary';
  readonly plugins: Readonly<Record<string, PluginSummary>>;
  /** Whether every plugin has finished. */
  readonly complete: boolean;
  /**
   * Where to go on, as `since` of a later call with the same source and plugins: behind what was scanned, when the budget was spent;
   * with what has changed since, when everything was. Absent where a store keeps that. It has the names of databases in it.
   */
  readonly token?: string;
}

/** What a scan tells. */
export type ScanEvent = Finding | Report | Progress | Failure | ScanSummary;
