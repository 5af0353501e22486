import { filter, firstValueFrom } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, type Fault, startServer } from '../../demo/server/index.ts';
import { platform } from '../../src/core/platform.ts';
import { couch } from '../../src/couch/couch.ts';
import type { Database } from '../../src/couch/database.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { pull } from '../../src/pull/pull.ts';
import type { PullState } from '../../src/pull/state.ts';
import type { PullStatus } from '../../src/pull/status.ts';
import { openReplica, type Replica } from '../../src/replica/replica.ts';
import { virtualClock } from '../support/virtual-clock.ts';

/** What a pull does about an answer that never changes, and about one that comes once. */
interface Outcome {
  /** Of a pull to the end, at which it arrives after so many requests of the kind that is answered so. */
  readonly always: readonly [state: PullState, requests: number];
  /** Of the same when the next answer is sound, with so many documents on record as failed. */
  readonly once: readonly [state: PullState, docsFailed: number];
  /** Of a continuous pull, at first. */
  readonly continuous: PullState;
}

/** Tries of one request. */
const ATTEMPTS = 3;

/** What was there and is gone may come back. */
const gone: Outcome = { always: ['failed', 1], once: ['failed', 0], continuous: 'backing-off' };
const final: Outcome = { always: ['failed', 1], once: ['failed', 0], continuous: 'failed' };
const turnedAway: Outcome = { ...final, continuous: 'auth-required' };
const passing: Outcome = { always: ['failed', ATTEMPTS], once: ['completed', 0], continuous: 'backing-off' };
const offline: Outcome = { ...passing, continuous: 'offline' };
const otherWay: Outcome = { always: ['completed', 1], once: ['completed', 0], continuous: 'live' };
/** Eight documents, four, two, one, and what nobody has: then it is not the document. */
const halves: Outcome = { always: ['failed', 5], once: ['completed', 0], continuous: 'failed' };
const halvesPassing: Outcome = { ...passing, always: ['failed', 5 * ATTEMPTS] };
/** One document, and what nobody has. */
const alone: Outcome = { always: ['failed', 2], once: ['completed', 1], continuous: 'failed' };
const alonePassing: Outcome = { ...passing, always: ['failed', 2 * ATTEMPTS] };
/** A page with documents, and the same page without. */
const pages: Outcome = { ...passing, always: ['failed', 2 * ATTEMPTS] };
const pagesFinal: Outcome = { always: ['failed', 2], once: ['completed', 0], continuous: 'failed' };

function refused(status: number, error = 'some_error', reason = 'Some reason'): Fault {
  const headers = { 'content-type': 'application/json' };
  return { answer: { status, headers, body: JSON.stringify({ error, reason }) } };
}

const page = { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Sign in, please</html>' };
const elsewhere = { status: 302, headers: { location: 'http://elsewhere.invalid/login' } };

/** Answers, and what becomes of a pull where one is given to `GET /{db}`, `_changes`, `_bulk_get`, and to `open_revs`. */
const table: readonly (readonly [what: string, Fault, Outcome, Outcome, Outcome, Outcome])[] = [
  ['200 with a page of HTML', { answer: page }, passing, pages, halvesPassing, alonePassing],
  ['200 with nothing', { answer: { status: 200, body: '' } }, passing, pages, halvesPassing, alonePassing],
  ['204', { answer: { status: 204 } }, passing, pages, halvesPassing, alonePassing],
  ['302 to another server', { answer: elsewhere }, final, pagesFinal, halves, alone],
  ['304', { answer: { status: 304 } }, final, final, final, final],
  ['400', refused(400, 'bad_request'), final, final, halves, alone],
  ['401', refused(401, 'unauthorized'), turnedAway, turnedAway, turnedAway, turnedAway],
  ['403', refused(403, 'forbidden'), turnedAway, turnedAway, turnedAway, turnedAway],
  ['404 of the database', refused(404, 'not_found', 'Database does not exist.'), final, gone, gone, gone],
  ['405', refused(405), final, final, otherWay, final],
  ['406', refused(406), final, final, final, final],
  ['408', refused(408), passing, passing, passing, passing],
  ['409', refused(409), final, final, final, final],
  ['410', refused(410), final, final, final, final],
  ['412', refused(412, 'precondition_failed'), final, final, final, final],
  ['412 nodedown', refused(412, 'nodedown', 'progress not possible'), passing, passing, passing, passing],
  ['413', refused(413), final, final, halves, alone],
  ['414', refused(414), final, final, halves, alone],
  ['415', refused(415), final, final, final, final],
  ['417', refused(417), final, final, final, final],
  ['425', refused(425), passing, passing, passing, passing],
  ['500', refused(500, 'internal_server_error'), passing, passing, halvesPassing, alonePassing],
  ['500 badarg', refused(500, 'badarg'), final, final, halves, alone],
  ['501', refused(501), final, final, otherWay, final],
  ['502', refused(502), passing, passing, halvesPassing, alonePassing],
  ['503', refused(503), passing, passing, passing, passing],
  ['504', refused(504), passing, passing, halvesPassing, alonePassing],
  ['507', refused(507), passing, passing, passing, passing],
  ['no answer but a reset', { reset: true }, offline, offline, offline, offline],
  ['an answer that breaks off', { cut: { bytes: 20 } }, passing, passing, halvesPassing, alonePassing],
];

const kinds = [
  { name: 'GET /{db}', where: { method: 'GET', path: '/source' }, documents: 8 },
  { name: '_changes', where: { method: 'GET', path: /\/_changes/ }, documents: 8 },
  { name: '_bulk_get', where: { method: 'POST', path: /\/_bulk_get/ }, documents: 8 },
  { name: 'open_revs', where: { method: 'GET', path: /open_revs=/ }, documents: 1 },
] as const;

const cells = kinds.flatMap((kind, column) =>
  table.map(([what, fault, ...outcomes]) => {
    const outcome = outcomes[column];
    if (outcome === undefined) throw new Error(`The table has no outcome for ${what} at ${kind.name}`);
    return { ...kind, what, fault: { ...kind.where, ...fault }, outcome };
  }),
);

let server: CouchServer;
let replica: Replica;

beforeEach(async () => {
  server = await startServer();
  replica = await openReplica(memoryKv(), 'replica');
});
afterEach(() => server.close());

/** A source whose documents all have to be asked for: their ancestry does not come with the feed. */
function fill(documents: number): void {
  const revisions = { start: 2, ids: ['b', 'a'] };
  const docs = Array.from({ length: documents }, (_, n) => ({ _id: `${n}`, _rev: '2-b', _revisions: revisions, n }));
  server.createDatabase('source').load(docs);
}

const database = (options = {}): Database => couch.db(`${server.url}/source`, options);

async function pullToTheEnd(): Promise<PullStatus> {
  const running = pull(database({ retry: { attempts: ATTEMPTS, base: 0, cap: 0 } }), replica);
  await running.done.catch(() => {});
  return running.status();
}

describe.each(cells)('$what in answer to $name', ({ name, where, fault, documents, outcome }) => {
  beforeEach(() => {
    fill(documents);
    if (name === 'open_revs') server.faults.add({ path: /\/_bulk_get/, answer: { status: 405 } });
  });

  const asked = (): number => server.requests.count(where.method, where.path);

  test('always', async () => {
    server.faults.add(fault);
    const { state, docsFailed, docsWritten } = await pullToTheEnd();
    expect([state, asked()]).toEqual(outcome.always);
    // What the server does to all documents alike is the fault of none, and no checkpoint passes them.
    expect(docsFailed).toBe(0);
    expect((await replica.info()).checkpoints).toHaveLength(state === 'completed' ? 1 : 0);
    expect(docsWritten).toBe(state === 'completed' ? documents : 0);
  });

  test('once', async () => {
    server.faults.add({ ...fault, times: 1 });
    const first = await pullToTheEnd();
    expect([first.state, first.docsFailed]).toEqual(outcome.once);
    const isWhole = first.state === 'completed' && first.docsFailed === 0;
    const last = isWhole ? first : await pullToTheEnd();
    expect(last).toMatchObject({ state: 'completed', docsFailed: 0, docsWritten: documents });
    expect((await replica.info()).docCount).toBe(documents);
  });

  test('while it goes on and on', async () => {
    server.faults.add(fault);
    // Nobody who waits is woken: the pull stays in the first state in which it waits.
    const on = platform(virtualClock().platform);
    const running = pull(database({ platform: on }), replica, { mode: 'continuous', platform: on });
    const settled = running.status$.pipe(filter(({ state }) => state !== 'starting' && state !== 'catching-up'));
    const { state } = await firstValueFrom(settled, { defaultValue: running.status() });
    expect(state).toBe(outcome.continuous);
    await running.stop();
  });
});
