import { InputError } from '../../core/errors.ts';
import { Database } from '../../couch/database.ts';
import type { RetryNotice } from '../../couch/request/retry.ts';
import { Server } from '../../couch/server.ts';
import { compareIds } from '../../replica/document-key.ts';
import { Replica } from '../../replica/replica.ts';
import { DatabasesSource, ServerSource } from './couch-source.ts';
import { ReplicasSource } from './replica-source.ts';
import type { ScanSource } from './scan-source.ts';

/** What can be scanned: all databases of a server, some databases, or local replicas. */
export type Scannable = Server | Database | Replica | readonly Database[] | readonly Replica[];

/** How a source is opened. */
export interface SourceOptions {
  /** Told before each wait that follows a request which has failed. */
  readonly onRetry?: (notice: RetryNotice) => void;
  /** Of the databases, where it can be asked whether it is in maintenance. */
  readonly server?: Server;
}

/**
 * Makes a source of what a caller gives.
 *
 * @throws InputError for what cannot be scanned, and for two databases of one name
 */
export function openSource(given: Scannable, options: SourceOptions = {}): ScanSource {
  if (given instanceof Server) return new ServerSource(given, options);
  const list: readonly (Database | Replica)[] = Array.isArray(given) ? given : [given];
  if (list.length === 0) throw new InputError('There is nothing to scan: give a server, databases, or replicas');
  const sorted = [...list].sort((a, b) => compareIds(a.name, b.name));
  const twice = sorted.find(({ name }, index) => sorted[index + 1]?.name === name);
  if (twice !== undefined) {
    throw new InputError(
      `Two databases are called ${JSON.stringify(twice.name)}, and findings name their database: scan them one by one`,
    );
  }
  if (sorted.every((one): one is Database => one instanceof Database)) return new DatabasesSource(sorted, options);
  if (sorted.every((one): one is Replica => one instanceof Replica)) return new ReplicasSource(sorted);
  throw new InputError('Only a server, databases, or replicas can be scanned, and not a mixture of them');
}
