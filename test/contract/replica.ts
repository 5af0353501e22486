import type { Kv } from '../../src/kv/kv.ts';
import { readPieces } from '../../src/replica/contents/pieces.ts';
import { decodeContent } from '../../src/replica/contents/record.ts';
import { joinBytes } from '../../src/replica/join-bytes.ts';
import { Layout } from '../../src/replica/layout.ts';
import { openReplica } from '../../src/replica/replica.ts';
import { alteredKv } from './altered-kv.ts';
import type { OpenKv } from './store.ts';
import type { Created } from './suite.ts';
import type { Failure, TargetCandidate } from './target.ts';

/** A replica over a store, where every commit of the store can be made to fail. */
export function replicaCandidate(createStore: () => Promise<Created<OpenKv>>): TargetCandidate {
  return {
    traits: ['ancestors', 'replaces', 'checkpoints', 'atomic', 'failures', 'content', 'resumes', 'breakable'],
    async create() {
      const store = await createStore();
      const kv = await store.subject();
      const breakable = new Breakable(kv);
      return {
        subject: {
          open: () => openReplica(breakable.kv, 'recipes'),
          leaves: async (id) => (await (await openReplica(kv, 'recipes')).leaves(id)).map(({ rev }) => rev),
          text: async (id, rev) => (await openReplica(kv, 'recipes')).text(id, { rev }),
          content: (digest) => contentOf(kv, digest),
          fail: (failure) => breakable.fail(failure),
        },
        dispose: store.dispose,
      };
    },
  };
}

/** The bytes of a content in the form in which they are kept. */
async function contentOf(kv: Kv, digest: string): Promise<Uint8Array | undefined> {
  const { name, uuid } = await (await openReplica(kv, 'recipes')).info();
  const layout = new Layout(name, uuid);
  const [entry] = await kv.read([layout.content(digest)]);
  const stored = entry === undefined ? undefined : decodeContent(entry.value).stored;
  if (stored === undefined) return undefined;
  const pieces: Uint8Array[] = [];
  for await (const piece of readPieces(kv, layout, digest, stored)) pieces.push(piece);
  return joinBytes(pieces);
}

/** A store that fails when it is told to. */
class Breakable {
  readonly kv: Kv;
  #failure: Failure | undefined;
  #left = 0;

  constructor(kv: Kv) {
    this.kv = alteredKv(kv, {
      update: async (guards, decide, options) => {
        const failure = this.#left > 0 ? undefined : this.#failure;
        this.#left -= 1;
        if (failure?.loses === 'commit') throw new Error('The store refused the commit');
        const result = await kv.update(guards, decide, options);
        if (failure?.loses === 'answer') throw new Error('The answer of the store was lost');
        return result;
      },
    });
  }

  fail(failure: Failure | undefined): void {
    this.#failure = failure;
    this.#left = failure?.after ?? 0;
  }
}
