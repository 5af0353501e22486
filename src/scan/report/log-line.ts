import type { Failure, Finding, Report, ScanEvent } from '../events.ts';

/** How events are put into lines. */
export interface LogLineOptions {
  /** The scan that the events are of, as the summary of a scan names it; left out where it is not known. */
  readonly scan?: string;
  /** Revisions of one side of a conflict; where there are more, their number stands instead. Default 10. */
  readonly maxRevs?: number;
}

/** What CouchDB calls the plugins that both have. */
const MODULES: ReadonlyMap<string, string> = new Map([
  ['find', 'couch_scanner_plugin_find'],
  ['ddoc_features', 'couch_scanner_plugin_ddoc_features'],
  ['conflicts', 'couch_scanner_plugin_conflict_finder'],
]);

/**
 * An event as CouchDB's own scanner writes it into its log, for tools that read that: a finding, what a plugin has to say of a database,
 * or a failure. Undefined for what has no line there: progress, totals of a whole scan, its summary.
 *
 * @example
 * ```ts
 * logLine({ type: 'finding', plugin: 'find', db: 'shop', id: 'a', tag: 'aws', where: '/key' }, { scan: '1725559802-c615220453e6' });
 * // couch_scanner_plugin_find s:1725559802-c615220453e6 db:shop doc:a found regex aws
 * ```
 */
export function logLine(event: ScanEvent, { scan, maxRevs = 10 }: LogLineOptions = {}): string | undefined {
  const message = messageOf(event, maxRevs);
  if (message === undefined || event.type === 'progress' || event.type === 'summary') return undefined;
  const { plugin, db } = event;
  const id = event.type === 'report' ? undefined : event.id;
  const document = plugin === 'ddoc_features' ? 'ddoc' : 'doc';
  const fields = [
    plugin === undefined ? 'couch_scanner' : (MODULES.get(plugin) ?? plugin),
    ...(scan === undefined ? [] : [`s:${scan}`]),
    ...(db === undefined ? [] : [`db:${db}`]),
    ...(id === undefined ? [] : [`${document}:${id}`]),
  ];
  return onOneLine(`${fields.join(' ')} ${message}`);
}

function messageOf(event: ScanEvent, maxRevs: number): string | undefined {
  if (event.type === 'finding') return findingText(event, maxRevs);
  if (event.type === 'report') return event.db === undefined ? undefined : reportText(event);
  return event.type === 'failure' ? failureText(event) : undefined;
}

function findingText(finding: Finding, maxRevs: number): string {
  const { type: _, plugin, db: _db, id: _id, rev: _rev, ...details } = finding;
  if (plugin === 'find') return `found regex ${String(finding['tag'])}`;
  if (plugin === 'ddoc_features') return pairs({ [String(finding['feature'])]: finding['count'] });
  if (plugin !== 'conflicts') return pairs(details);
  const { conflicts, deleted_conflicts } = finding;
  return pairs({ conflicts: limited(conflicts, maxRevs), deleted_conflicts: limited(deleted_conflicts, maxRevs) });
}

function reportText(report: Report): string {
  const { type: _, plugin, db: _db, ...details } = report;
  if (plugin === 'ddoc_features') return pairs(report['features'] ?? {});
  if (plugin !== 'conflicts') return pairs(details);
  const { conflicts, deleted_conflicts } = report;
  return pairs({ conflicts, deleted_conflicts });
}

function failureText({ callback, message }: Failure): string {
  return `failed${callback === undefined ? '' : ` in ${callback}`}: ${message}`;
}

/** Pairs in the order of their names, each with a blank behind it. */
function pairs(values: object): string {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${typeof value === 'string' ? value : JSON.stringify(value)} `)
    .join('');
}

function limited(list: unknown, most: number): unknown {
  return Array.isArray(list) && list.length > most ? list.length : list;
}

/** Ids may hold line breaks, with which a document could write lines of its own into a log. */
function onOneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
