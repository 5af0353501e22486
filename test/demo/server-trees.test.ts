import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { type RecordedState, type RecordedTree, recordedTrees } from '../support/oracle.ts';

/** The random histories, told by a server and not only by the trees below it: bodies, flags and refusals too. */
const trees = await recordedTrees();
const styles = ['hex', 'short', 'mixed'] as const;

let server: CouchServer;

beforeAll(async () => {
  server = await startServer({ q: 1 });
});

afterAll(() => server.close());

describe.each(styles)('histories of the style %s', (style) => {
  const ofStyle = trees.filter((tree) => tree.style === style);

  test.each([1000, 5, 3, 2, 1])('with at most %i revisions are told as CouchDB told them', async (revsLimit) => {
    const cases = ofStyle.filter((tree) => tree.revsLimit === revsLimit);
    expect(cases.length).toBeGreaterThan(0);
    for (const tree of cases) await replay(tree);
  });
});

async function replay({ case: number, id, revsLimit, steps, revsDiff }: RecordedTree): Promise<void> {
  const name = `tree-${number}`;
  const url = `${server.url}/${name}`;
  server.createDatabase(name);
  await send('PUT', `${url}/_revs_limit`, revsLimit);
  for (const { inserts, after } of steps) {
    expect(await send('POST', `${url}/_bulk_docs`, { new_edits: false, docs: inserts })).toEqual([]);
    expect(await look(url, id), `case ${number}`).toEqual(after);
  }
  for (const { ask, answer } of revsDiff) {
    expect(await send('POST', `${url}/_revs_diff`, { [id]: ask })).toEqual(answer === null ? {} : { [id]: answer });
  }
  server.deleteDatabase(name);
}

interface Leaf {
  readonly _rev: string;
  readonly _deleted?: boolean;
  readonly _revisions: { readonly start: number; readonly ids: readonly string[] };
  readonly v: string;
}

/** What the server tells of a document, in the form of the recording. */
async function look(url: string, id: string): Promise<RecordedState> {
  const response = await fetch(`${url}/${id}?conflicts=true&deleted_conflicts=true`);
  const document = await response.json();
  const { results } = await send('GET', `${url}/_changes?style=all_docs`);
  const [{ changes, deleted = false }] = results;
  const openRevs: { ok: Leaf }[] = await send('GET', `${url}/${id}?open_revs=all&revs=true`);
  const leaves = changes.map(({ rev }: { rev: string }) => rev);
  return {
    winner: leaves[0],
    deleted,
    getStatus: response.status,
    leaves,
    conflicts: response.ok ? (document._conflicts ?? []) : null,
    deletedConflicts: response.ok ? (document._deleted_conflicts ?? []) : null,
    openRevs: openRevs.map(({ ok }) => ({
      rev: ok._rev,
      deleted: ok._deleted ?? false,
      revisions: ok._revisions,
      v: ok.v,
    })),
  };
}

async function send(method: string, url: string, body?: unknown) {
  const response = await fetch(url, {
    method,
    headers: { Accept: 'application/json', 'Content-Type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return response.json();
}
