import { describe, expect, test } from 'vitest';
import type { ContentInfo, ContentSink } from '../../src/replica/contents/content.ts';
import type { Target } from '../../src/replica/target.ts';
import { targetCases } from './target.ts';
import { textOf } from './tiny.ts';
import { leavesOf } from './tiny-target.ts';
import { TinyContents, TinyTargetWithContent } from './tiny-target-content.ts';

/** What a spoiled target may use. What is in `sinks`, all handles of a target share. */
interface Ground {
  readonly target: TinyTargetWithContent;
  readonly data: TinyContents;
  readonly sinks: Map<string, Promise<ContentSink>>;
}

/** Targets with one defect each in how they take attachments, and the point of the contract that shows it. */
const defects: readonly (readonly [
  defect: string,
  found: string,
  spoil: (ground: Ground) => Pick<Target, 'hasContent' | 'openContent'>,
])[] = [
  [
    'has everything',
    'has a content once it is committed, and no other',
    () => ({ hasContent: async (digests) => new Set(digests) }),
  ],
  [
    'has what is still on its way',
    'has a content once it is committed, and no other',
    ({ target, data }) => ({
      async openContent(digest, info) {
        data.contents.set(digest, { bytes: new Uint8Array(), info });
        return target.openContent(digest, info);
      },
    }),
  ],
  [
    'forgets everything when it is opened again',
    'has its content when it is opened again',
    ({ data }) => {
      data.contents.clear();
      return {};
    },
  ],
  [
    'takes no content of no bytes',
    'takes a content of no bytes, of one, and of millions',
    sinks((sink, _, { length }) => (length === 0 ? { commit: () => sink.abort() } : {})),
  ],
  [
    'keeps buffers that are not its own',
    'copies the bytes that it is given',
    sinks((sink) => {
      const given: Uint8Array[] = [];
      return {
        write: async (bytes) => void given.push(bytes),
        async commit() {
          for (const bytes of given) await sink.write(bytes);
          await sink.commit();
        },
      };
    }),
  ],
  [
    'takes what is too short for whole',
    'refuses to commit what is too short, and takes the rest then',
    sinks((sink) => ({ commit: () => sink.commit().catch(() => undefined) })),
  ],
  [
    'takes what is too long for whole',
    'refuses to commit what is too long',
    sinks((sink) => ({ commit: () => sink.commit().catch(() => undefined) })),
  ],
  [
    'keeps what is aborted',
    'throws away what is aborted, and also what had been suspended before',
    sinks((sink) => ({ abort: () => sink.suspend() })),
  ],
  [
    'says that it has kept more than it has',
    'comes to the whole content after every break, from the offset that it says',
    sinks((sink) => ({ offset: Math.min(sink.offset * 2, 1000) })),
  ],
  ['never goes on', 'goes on where it was suspended', sinks((sink) => ({ suspend: () => sink.abort() }))],
  [
    'goes on with anything',
    'does not go on with bytes of another form',
    ({ target }) => ({ openContent: () => target.openContent('any', { length: 1000 }) }),
  ],
  [
    'lets those who bring one digest write into each other',
    'takes one digest from several at once',
    ({ target, sinks: shared }) => ({
      openContent(digest, info) {
        const sink = shared.get(digest) ?? target.openContent(digest, info);
        shared.set(digest, sink);
        return sink;
      },
    }),
  ],
  [
    'lets its sinks outlive it',
    'refuses the bytes of a sink whose target is closed',
    ({ data }) => ({ openContent: (digest, info) => new TinyTargetWithContent(data).openContent(digest, info) }),
  ],
];

describe('The target suite', () => {
  test.each(defects)('finds a target that %s', async (_, found, spoil) => {
    const point = targetCases.find(({ name }) => name === found);
    if (point === undefined) expect.unreachable(`There is no point "${found}"`);
    const data = new TinyContents();
    const shared = new Map<string, Promise<ContentSink>>();
    const run = point.run({
      async open() {
        const target = new TinyTargetWithContent(data);
        return Object.assign(target, spoil({ target: new TinyTargetWithContent(data), data, sinks: shared }));
      },
      leaves: async (id) => leavesOf(data, id),
      text: async (id, rev) => textOf(data, id, rev),
      content: async (digest) => data.contents.get(digest)?.bytes,
    });
    await expect(run).rejects.toThrow();
  });
});

/** Spoils every sink of a target. */
function sinks(
  spoil: (sink: ContentSink, digest: string, info: ContentInfo) => Partial<ContentSink>,
): (ground: Ground) => Pick<Target, 'openContent'> {
  return ({ target }) => ({
    async openContent(digest, info) {
      const sink = await target.openContent(digest, info);
      return { ...sink, ...spoil(sink, digest, info) };
    },
  });
}
