import { InputError } from '../../core/errors.ts';
import { hmacSha256 } from '../../core/hmac.ts';
import type { JsonObject } from '../../core/json-value.ts';
import type { ScanDb, ScanPlugin } from '../plugin.ts';
import { compileRules } from './compile-rules.ts';
import { configurationSource, isSameConfiguration, ruleChanges } from './configuration.ts';
import { Detector } from './detector.ts';
import type { FindOptions } from './find-options.ts';
import { canChange, type FindPatterns, ruleSource, type TaggedRules } from './tagged-rules.ts';

/** What `find` holds while a scan runs. */
interface FindState {
  readonly detector: Detector;
  /** With which it began. */
  readonly configuration: JsonObject;
}

/**
 * A plugin that finds what matches regular expressions, as secrets do that nobody should have put there: in names of databases, in
 * ids (also those of tombstones), and in the keys and texts of bodies, each tried on its own. What CouchDB reserves (`_rev` and its
 * like) is not looked at.
 *
 * For every tag that matches at a place there is one finding `{ tag, where }`: `db`, `id`, or the place in the body as a JSON Pointer
 * (RFC 6901), with `at: 'key'` where it is the name of the member that matches. What has matched is not told, but for ids and the
 * names on the way to a place; see {@link FindOptions.hideKeys}.
 *
 * Patterns given as text run in linear time; see {@link FindRule.pattern} for their syntax. `start` rejects with an InputError that
 * names the tag when one cannot be used; {@link checkRules} says so before.
 *
 * @param patterns by the tag that findings call them by; rules of others come from `parseRules`, `secretRules` and a registry
 * @throws InputError for no patterns at all, and for what is none
 *
 * @example
 * ```ts
 * const plugin = find({ aws: /AKIA[0-9A-Z]{16}/, password: '(?i)password\\s*[:=]' });
 * ```
 */
export function find(patterns: FindPatterns, options: FindOptions = {}): ScanPlugin {
  checkOptions(options);
  const rulesNow = ruleSource(patterns);
  if (!canChange(patterns)) refuseNone(rulesNow());
  const configurationNow = configurationSource(rulesNow, options);
  /** Tags that the configuration before this one had, and had otherwise. */
  let changed: ReadonlySet<string> = new Set();

  async function begin(): Promise<{ readonly state: FindState }> {
    const rules = rulesNow();
    const configuration = configurationNow();
    refuseNone(rules);
    const { native = false, fingerprintKey } = options;
    const search = await compileRules(rules, native);
    const fingerprint = fingerprintKey === undefined ? undefined : await hmacSha256(fingerprintKey);
    return { state: { detector: new Detector(search, options, fingerprint), configuration } };
  }

  return {
    name: 'find',
    get configuration() {
      return configurationNow();
    },
    needs: { bodies: 'every' },
    start: begin,
    resume: begin,
    checkpoint: ({ configuration }) =>
      isSameConfiguration(configuration, configurationNow()) ? undefined : { go: 'reset' },
    // There is nothing to put together, but without this no database would be split.
    merge: () => ({}),
    db: ({ detector }, { name }, context) => detector.database(name, context),
    docId: ({ detector }, _, id, context) => detector.id(id, context),
    ...(options.losers && {
      docRevs: ({ detector }: FindState, db: ScanDb, row, context) => detector.losers(db, row, context),
    }),
    doc: ({ detector }, _, doc, context) => detector.document(doc, context),
    since(before) {
      const changes = ruleChanges(before, configurationNow());
      if (changes === undefined) return undefined;
      changed = new Set(changes.changed);
      const fresh = new Set([...changes.changed, ...changes.added]);
      if (fresh.size === 0) return 'nothing';
      return find(Object.fromEntries([...rulesNow()].filter(([tag]) => fresh.has(tag))), options);
    },
    isStale({ tag }) {
      return typeof tag !== 'string' || changed.has(tag) || !rulesNow().has(tag);
    },
  };
}

/**
 * Makes sure that `find` can use patterns.
 *
 * @throws InputError that names the tag of the first one that it cannot
 */
export async function checkRules(patterns: FindPatterns, { native = false }: FindOptions = {}): Promise<void> {
  await compileRules(ruleSource(patterns)(), native);
}

function refuseNone({ size }: TaggedRules): void {
  if (size === 0) throw new InputError('There are no patterns to find; give at least one as { tag: pattern }');
}

function checkOptions({ context }: FindOptions): void {
  if (context !== undefined && !(Number.isInteger(context) && context >= 0)) {
    throw new InputError(`The context must be a number of characters, not ${JSON.stringify(context)}`);
  }
}
