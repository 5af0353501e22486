import { sha256 } from '../../core/sha256.ts';
import type { Finding } from '../events.ts';
import { identityOf } from '../run/identity.ts';

/** What made a report. */
export interface SarifOptions {
  /** The version of couchtide, or of the program that uses it. */
  readonly version: string;
  /** The url of what was scanned, without credentials, for those who read the report. */
  readonly source?: string;
}

/**
 * Findings as a SARIF 2.1.0 log (https://docs.oasis-open.org/sarif/sarif/v2.1.0/), the format in which code scanners report, piece by
 * piece: memory is that of one finding and of the names of all rules.
 *
 * Each finding is a result. Its rule is what was looked for: the tag, the feature, or the plugin. Its artifact is the document, as
 * `database/document`, percent-encoded; its place in that is a logical location, a JSON Pointer. Results of two reports with the same
 * fingerprint are the same finding.
 *
 * @example
 * ```ts
 * const findings = [{ type: 'finding', plugin: 'find', db: 'shop', id: 'a', tag: 'aws', where: '/key' }] as const;
 * let text = '';
 * for await (const piece of sarif(findings, { version: '1.0.0' })) text += piece;
 * JSON.parse(text).runs[0].results[0].ruleId; // 'find/aws'
 * ```
 */
export async function* sarif(
  findings: AsyncIterable<Finding> | Iterable<Finding>,
  { version, source }: SarifOptions,
): AsyncGenerator<string, void, undefined> {
  const rules = new Map<string, number>();
  yield `{"$schema":${JSON.stringify(SCHEMA)},"version":"2.1.0","runs":[{"results":[`;
  let separator = '\n';
  for await (const finding of findings) {
    const id = ruleIdOf(finding);
    const ruleIndex = rules.get(id) ?? rules.size;
    rules.set(id, ruleIndex);
    yield separator + JSON.stringify(await resultOf(finding, id, ruleIndex));
    separator = ',\n';
  }
  const driver = { name: 'couchtide', version, rules: Array.from(rules.keys(), ruleOf) };
  // What is not known before the last result stands behind the results.
  const uris =
    source === undefined ? {} : { originalUriBaseIds: { [SOURCE]: { uri: `${source.replace(/\/$/, '')}/` } } };
  yield `\n],"tool":${JSON.stringify({ driver })},${JSON.stringify({ columnKind: 'utf16CodeUnits', ...uris }).slice(1)}]}\n`;
}

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** What the places of artifacts are relative to. */
const SOURCE = 'SOURCE';

function ruleIdOf({ plugin, tag, feature }: Finding): string {
  const name = tag ?? feature;
  return typeof name === 'string' ? `${plugin}/${name}` : plugin;
}

function ruleOf(id: string): object {
  return { id, shortDescription: { text: `Found by couchtide: ${id}` }, defaultConfiguration: { level: 'warning' } };
}

async function resultOf(finding: Finding, ruleId: string, ruleIndex: number): Promise<object> {
  const { type: _, plugin: _plugin, db, id, rev, ...details } = finding;
  const path = id === undefined ? [db] : [db, id];
  const uri = path.map(encodeSegment).join('/');
  return {
    ruleId,
    ruleIndex,
    level: 'warning',
    message: { text: messageOf(finding) },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri, uriBaseId: SOURCE } },
        logicalLocations: [logicalLocationOf(finding)],
      },
    ],
    partialFingerprints: { 'couchtide/v1': await sha256(identityOf(finding)) },
    properties: { db, ...(id === undefined ? {} : { id }), ...(rev === undefined ? {} : { rev }), ...details },
  };
}

function messageOf({ plugin, db, id, tag, where, feature, count, conflicts }: Finding): string {
  const document = id === undefined ? '' : `document ${JSON.stringify(id)} of `;
  const place = `${document}database ${JSON.stringify(db)}`;
  if (plugin === 'find') return `Pattern ${JSON.stringify(tag)} matches at ${String(where)} in ${place}`;
  if (typeof feature === 'string') return `${String(count)} of feature ${feature} in ${place}`;
  if (Array.isArray(conflicts)) {
    const losers = conflicts.length === 1 ? '1 revision is' : `${conflicts.length} revisions are`;
    return `${losers} in conflict with the winner in ${place}`;
  }
  return `Plugin ${plugin} has a finding in ${place}`;
}

/** SARIF names the places in JSON: a property by its pointer, everything else as a whole. */
function logicalLocationOf({ db, id, where, at }: Finding): object {
  if (typeof where !== 'string' || !where.startsWith('/')) {
    return { fullyQualifiedName: id === undefined ? db : `${db}/${id}`, kind: id === undefined ? 'module' : 'object' };
  }
  return { fullyQualifiedName: where, kind: at === 'key' ? 'property' : 'value' };
}

/** Names may be anything, also what `encodeURIComponent` refuses: half of a surrogate pair. */
function encodeSegment(name: string): string {
  const segment = encodeURIComponent(name.replace(/\p{Surrogate}/gu, '\u{fffd}'));
  return segment === '.' || segment === '..' ? segment.replaceAll('.', '%2E') : segment;
}
