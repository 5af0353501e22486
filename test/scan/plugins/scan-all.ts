import type { CouchServer } from '../../../demo/server/index.ts';
import { couch } from '../../../src/couch/couch.ts';
import type { Finding, Report, ScanEvent, ScanSummary } from '../../../src/scan/events.ts';
import type { ScanOptions } from '../../../src/scan/options.ts';
import type { ScanPlugin } from '../../../src/scan/plugin.ts';
import { scan } from '../../../src/scan/scan.ts';

/** What a scan has told, by type. */
export interface Told {
  readonly events: readonly ScanEvent[];
  readonly findings: readonly Finding[];
  readonly reports: readonly Report[];
  readonly summary: ScanSummary;
}

/** Scans all databases of a server. */
export async function scanAll(
  server: Pick<CouchServer, 'url'>,
  plugins: readonly ScanPlugin[],
  options: ScanOptions = {},
): Promise<Told> {
  const events: ScanEvent[] = [];
  for await (const event of scan(couch(server.url), plugins, options)) events.push(event);
  const summary = events.at(-1);
  if (summary?.type !== 'summary') throw new Error('The scan told no summary');
  const failures = events.filter(({ type }) => type === 'failure');
  if (failures.length > 0) throw new Error(`The scan failed: ${JSON.stringify(failures)}`);
  return {
    events,
    findings: events.filter((event) => event.type === 'finding'),
    reports: events.filter((event) => event.type === 'report'),
    summary,
  };
}
