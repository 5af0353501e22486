import { ContentionError, isStoreError } from '../../core/errors.ts';
import type { Entry } from '../../kv/kv.ts';
import { leaves } from '../../revs/leaves.ts';
import { type Counter, decodeCounter } from '../counter.ts';
import type { InspectedDocument } from '../storage.ts';
import { problem, type VerifyEvent, type VerifyProblem } from './event.ts';
import { NumberSet } from './number-set.ts';
import type { VerifySubject } from './subject.ts';
import { VerifyTally } from './tally.ts';
import { ContentCheck } from './verify-contents.ts';
import { documentProblems } from './verify-document.ts';
import { inspectRecords } from './verify-records.ts';
import { compareWithSource, type VerifySource } from './verify-source.ts';

/** How a replica is verified. */
export interface VerifyOptions {
  /** The database that it was pulled from, to be held against it: `couch.db(url)`. By default it is checked in itself alone. */
  readonly source?: VerifySource;
  /**
   * Whether only some documents were pulled, so that those of the source which are not here are no problem. By default every
   * document of the source must be here.
   */
  readonly partial?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * See `Replica.verify`. Tells what is found as long as nobody writes to the replica meanwhile: its pages are snapshots of their own, and would
 * not fit together. So nothing is told before the counter, which every commit changes, has been seen unchanged.
 */
export async function* verify(
  subject: VerifySubject,
  options: VerifyOptions,
  signal: AbortSignal,
): AsyncGenerator<readonly VerifyEvent[], void, undefined> {
  const { kv, layout } = subject;
  const [begun] = await kv.read([layout.counter]);
  const tally = new VerifyTally();
  for await (const events of findings(subject, options, { begun, tally, signal })) {
    signal.throwIfAborted();
    const [now] = await kv.read([layout.counter]);
    if (now?.version !== begun?.version) {
      throw new ContentionError(
        `The replica ${JSON.stringify(layout.name)} was written to while it was verified; verify it when nothing pulls into it`,
      );
    }
    tally.problems += events.filter(({ type }) => type === 'problem').length;
    yield events;
  }
  yield [tally.summary()];
}

interface Run {
  /** The counter as it was at the beginning. */
  readonly begun: Entry | undefined;
  readonly tally: VerifyTally;
  readonly signal: AbortSignal;
}

async function* findings(
  subject: VerifySubject,
  { source, partial = false }: VerifyOptions,
  { begun, tally, signal }: Run,
): AsyncGenerator<readonly VerifyEvent[], void, undefined> {
  const counter = readCounter(begun, subject.layout.name);
  if (counter === undefined) yield [problem('counter', 'The counter of the replica cannot be read')];
  const expected = counter === undefined ? undefined : counter.docCount + counter.docDelCount;
  yield* inspectRecords(subject, tally);
  const contents = new ContentCheck(subject);
  yield* contents.inspect();
  const named =
    source === undefined ? undefined : yield* compareWithSource(subject, { source, partial, expected, signal }, tally);
  const sequences = new NumberSet();
  for await (const { documents, damages, use } of subject.storage.inspect()) {
    const problems: VerifyProblem[] = [];
    const stubbed: InspectedDocument[] = [];
    for (const { kind, message, ...where } of damages) {
      if (kind === 'document') tally.addUnreadable();
      problems.push(problem(kind, message, where));
    }
    for (const document of documents) {
      const { id, seq, tree } = document.head;
      const own = documentProblems(document);
      problems.push(...own);
      tally.addDocument(document, own);
      if (!own.some(({ kind }) => kind === 'attachments')) stubbed.push(document);
      if (!sequences.add(seq)) problems.push(problem('sequence', 'Another document is of the same change', { id }));
      if (named?.has(seq) === false) {
        const surplus = leaves(tree).map(({ rev }) => rev);
        problems.push(problem('source', 'The source does not have the document', { id, surplus }));
      }
    }
    problems.push(...(await contents.note(stubbed)));
    if (use !== undefined) tally.use = use;
    yield [...problems, { type: 'progress', part: 'replica', documents: tally.documents, expected }];
  }
  if (tally.countsAttachments) yield contents.compare();
  tally.attachmentsMissing = contents.missing;
  if (counter !== undefined) yield tally.compare(counter);
}

function readCounter(entry: Entry | undefined, name: string): Counter | undefined {
  try {
    return decodeCounter(entry, name);
  } catch (error) {
    if (isStoreError(error)) return undefined;
    throw error;
  }
}
