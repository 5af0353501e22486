/** What one scan took. */
export interface ScanRun {
  readonly seconds: number;
  /** Documents that were looked at, tombstones among them; absent where nobody says so. */
  readonly documents?: number;
  readonly findings?: number;
}

/** What a process took that scans. */
export interface ScanMeasurement {
  readonly runs: readonly ScanRun[];
  /** The most memory that it ever had resident, in bytes; absent where it is not ours. */
  readonly peak?: number;
}
