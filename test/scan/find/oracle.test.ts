import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { find } from '../../../src/scan/find/find.ts';
import { type Found, findIn, type TestDatabase, type TestDoc } from './driver.ts';

/** What CouchDB's own scanner was configured with, and what it wrote into its log. */
interface Run {
  readonly name: string;
  readonly plugin: string;
  readonly config: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly lines: readonly { readonly line: string }[];
}

const PLUGIN = 'couch_scanner_plugin_find';
const databases = fixture();

/** What only the original finds, as `db doc`, since a pattern means something else to PCRE. */
const ONLY_ORIGINAL: Readonly<Record<string, readonly string[]>> = {
  // A dot is a byte: `é` has two of them, and `😀` has four.
  'find-bytes-2': ['shop café', 'shop café'],
  'find-bytes-4': ['shop emoji'],
  // `$` also matches in front of a line break at the end.
  'find-dollar': ['shop nl-end'],
};

/** What only we find, for the same reasons. */
const ONLY_OURS: Readonly<Record<string, readonly string[]>> = {
  'find-bytes-1': ['shop café', 'shop café', 'shop emoji'],
  'find-bytes-2': ['shop caf-umlaut'],
};

/** Patterns that RE2 cannot express, with some that come to the same on any text. */
const WITHOUT_PCRE: Readonly<Record<string, Readonly<Record<string, string>>>> = { 'find-possessive': { p: 'a+b' } };

/** Patterns that do not compile at all, which the original leaves out without a word (D16). */
const INVALID: Readonly<Record<string, string>> = { 'find-bad-pattern': 'bad' };

describe.each(['3.4.3', '3.5.0', '3.5.2'])('what the scanner of CouchDB %s found', (version) => {
  const { runs }: { readonly runs: readonly Run[] } = JSON.parse(
    readFileSync(`test/oracle/scanner/log-${version}.json`, 'utf8'),
  );
  test.each(runs.filter(({ plugin }) => plugin === PLUGIN))('in $name', async ({ name, config, lines }) => {
    let patterns = config[`${PLUGIN}.regexes`] ?? {};
    if (Object.keys(patterns).length === 0) {
      // D18: the original reads everything, and has nothing to say.
      expect(() => find(patterns)).toThrow('There are no patterns');
      expect(reported(lines)).toEqual([]);
      return;
    }
    const replaced = WITHOUT_PCRE[name];
    if (replaced !== undefined) {
      for (const tag of Object.keys(replaced)) await expectRefusal(patterns, tag);
      patterns = replaced;
    }
    const invalid = INVALID[name];
    if (invalid !== undefined) {
      await expectRefusal(patterns, invalid);
      patterns = Object.fromEntries(Object.entries(patterns).filter(([tag]) => tag !== invalid));
    }
    const findings = await findIn(find(patterns), databases.flatMap(skipping(config)));
    const theirs = reported(lines);

    // They report an object, a name or an id or a body, once, by one of its tags.
    const ours = new Map(findings.map((finding) => [JSON.stringify(objectOf(finding)), finding]));
    const objects = [...ours.values()].map(nameOf).sort();
    const isNew = (finding: Found) => version !== '3.5.2' && finding.where === 'id' && isTombstone(finding);
    const tombstones = [...ours.values()].filter(isNew).map(nameOf);
    expect([...objects, ...(ONLY_ORIGINAL[name] ?? [])].sort()).toEqual(
      [...theirs.map(({ object }) => object), ...tombstones, ...(ONLY_OURS[name] ?? [])].sort(),
    );
    for (const { object, tag } of theirs) {
      if (!ONLY_ORIGINAL[name]?.includes(object))
        expect(findings.map((one) => [nameOf(one), one.tag])).toContainEqual([object, tag]);
    }
    const explanationOf = (finding: Found): string | undefined => {
      if (isNew(finding)) return 'since 3.5.1 the scanner comes across tombstones';
      if (ONLY_OURS[name]?.includes(nameOf(finding))) return 'a dot is a character, and no byte';
      const same = theirs.filter(({ object }) => object === nameOf(finding));
      if (same.some(({ tag }) => tag === finding.tag)) return 'reported as well, at one of its places (D17)';
      return same.length > 0 ? 'another tag of what is reported (D28)' : undefined;
    };
    expect(findings.filter((finding) => explanationOf(finding) === undefined)).toEqual([]);
  });
});

async function expectRefusal(patterns: Readonly<Record<string, string>>, tag: string): Promise<void> {
  await expect(findIn(find(patterns), [])).rejects.toThrow(`of the rule "${tag}" cannot be used`);
}

/** What was found where, as the original writes it. */
function reported(lines: Run['lines']): { readonly object: string; readonly tag: string }[] {
  return lines.flatMap(({ line }) => {
    const { db, id, tag } =
      /^\S+ s:SCAN db:(?<db>\S+)(?: doc:(?<id>.+))? found regex (?<tag>\S+)$/.exec(line)?.groups ?? {};
    return db === undefined || tag === undefined ? [] : [{ object: `${db} ${id ?? ''}`, tag }];
  });
}

function objectOf({ db, id, where }: Found): unknown {
  return [db, id, where === 'db' || where === 'id' ? where : 'body'];
}

function nameOf({ db, id, where }: Found): string {
  return `${db} ${where === 'db' ? '' : id}`;
}

function isTombstone({ db, id }: Found): boolean {
  const leaves = databases.find(({ name }) => name === db)?.docs ?? [];
  return leaves.some((doc) => Array.isArray(doc) && doc[0]?._id === id && doc[0]?._deleted);
}

/** Does what the configuration says is to be skipped, which is the scan's to do. */
function skipping(config: Run['config']): (database: TestDatabase) => TestDatabase[] {
  const matches = (section: string, text: string) =>
    Object.values(config[`${PLUGIN}.${section}`] ?? {})
      .filter((pattern) => pattern !== '*x')
      .some((pattern) => new RegExp(pattern).test(text));
  return ({ name, docs }) => {
    if (matches('skip_dbs', name)) return [];
    return [{ name, docs: docs.filter((doc) => Array.isArray(doc) && !matches('skip_docs', doc[0]._id)) }];
  };
}

/** The databases with the leaves of each document, the winner first. */
function fixture(): readonly TestDatabase[] {
  const {
    databases,
  }: { readonly databases: readonly { readonly name: string; readonly docs: readonly FixtureDoc[] }[] } = JSON.parse(
    readFileSync('test/oracle/scanner/fixture.json', 'utf8'),
  );
  return databases.map(({ name, docs }) => {
    const ids = [...new Set(docs.map(({ _id }) => _id))];
    const revisionsOf = (id: string) => docs.filter(({ _id }) => _id === id);
    return { name, docs: ids.map((id) => revisionsOf(id).filter(isLeaf).sort(winnerFirst)) };
  });
}

type FixtureDoc = TestDoc & {
  readonly _rev: string;
  readonly _revisions: { readonly start: number; readonly ids: readonly string[] };
};

function isLeaf({ _rev }: FixtureDoc, _: number, revisions: readonly FixtureDoc[]): boolean {
  return !revisions.some(({ _revisions: { start, ids } }) =>
    ids.slice(1).some((hash, i) => `${start - 1 - i}-${hash}` === _rev),
  );
}

function winnerFirst(a: FixtureDoc, b: FixtureDoc): number {
  const rank = ({ _deleted, _revisions: { start } }: FixtureDoc) => (_deleted ? 0 : 1_000_000) + start;
  return rank(b) - rank(a) || (a._rev < b._rev ? 1 : -1);
}
