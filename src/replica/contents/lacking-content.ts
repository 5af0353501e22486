import type { Kv } from '../../kv/kv.ts';
import { pathTo } from '../../revs/leaves.ts';
import { decodeCounter } from '../counter.ts';
import type { Layout } from '../layout.ts';
import type { DocumentStorage, Head } from '../storage.ts';
import type { RevisionWithStubs } from '../target.ts';
import { digestsOf } from './references.ts';
import type { ContentStore } from './store.ts';

/** The stored revisions with attachments whose content is not here. Nothing is read where none are counted. */
export async function* lackingContent(
  kv: Kv,
  layout: Layout,
  storage: DocumentStorage,
  contents: ContentStore,
): AsyncGenerator<readonly RevisionWithStubs[], void, undefined> {
  const [counter] = await kv.read([layout.counter]);
  if (decodeCounter(counter, layout.name).attachmentsMissing === 0) return;
  for await (const heads of storage.range({})) {
    const revisions = heads.flatMap(stubbed);
    const digests = revisions.map(({ attachments }) => digestsOf(attachments));
    const here = await contents.has(digests.flat().filter((digest) => digest !== undefined));
    const lacking = revisions.filter((_, index) =>
      digests[index]?.some((digest) => digest === undefined || !here.has(digest)),
    );
    if (lacking.length > 0) yield lacking;
  }
}

function stubbed({ id, tree, stored }: Head): RevisionWithStubs[] {
  return stored.flatMap(({ rev, attachments }) => {
    const revisions = pathTo(tree, rev);
    return attachments === undefined || revisions === undefined ? [] : [{ id, rev, revisions, attachments }];
  });
}
