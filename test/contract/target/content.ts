import { isClosedError } from '../../../src/core/errors.ts';
import type { ContentInfo, ContentSink } from '../../../src/replica/contents/content.ts';
import type { Target } from '../../../src/replica/target.ts';
import { equal, ok, rejection, rejects } from '../assert.ts';
import type { TargetCase, TargetSubject } from '../target-case.ts';

/** The digest of nothing, and two that only have to be different. */
const [NOTHING, ONE, OTHER] = [
  'md5-1B2M2Y8AsgTpgAmY7PhCfg==',
  'md5-aaaaaaaaaaaaaaaaaaaaaa==',
  'md5-b/+bbbbbbbbbbbbbbbbbbb==',
];

/** The content of attachments. */
export const content: readonly TargetCase[] = [
  {
    name: 'has a content once it is committed, and no other',
    needs: 'content',
    async run(subject) {
      const target = await subject.open();
      const bytes = bytesOf(100_000);
      equal(await held(target, NOTHING, ONE, OTHER), []);
      const sink = await openContent(target, ONE, { length: bytes.length, type: 'image/png' });
      equal(sink.offset, 0);
      for (let at = 0; at < bytes.length; at += 7000) await sink.write(bytes.subarray(at, at + 7000));
      equal(await held(target, ONE), [], 'What is here before it is committed');
      equal(await contentOf(subject, ONE), undefined, 'What is to be had before it is committed');
      await sink.commit();
      equal(await held(target, NOTHING, ONE, OTHER), [ONE]);
      equal(await contentOf(subject, ONE), bytes);
      equal(await held(await subject.open(), ONE, ONE), [ONE], 'What another handle has');
    },
  },
  {
    name: 'has its content when it is opened again',
    needs: 'content',
    async run(subject) {
      const first = await subject.open();
      await bring(first, ONE, bytesOf(10));
      await first.close();
      equal(await held(await subject.open(), ONE), [ONE]);
      equal(await contentOf(subject, ONE), bytesOf(10));
    },
  },
  {
    name: 'takes a content of no bytes, of one, and of millions',
    needs: 'content',
    async run(subject) {
      const target = await subject.open();
      for (const [digest, length] of [
        [NOTHING, 0],
        [ONE, 1],
        [OTHER, 3_000_001],
      ] as const) {
        await bring(target, digest, bytesOf(length), 65_536);
        equal(await contentOf(subject, digest), bytesOf(length), `The content of ${length} bytes`);
      }
      equal(await held(target, NOTHING, ONE, OTHER), [NOTHING, ONE, OTHER]);
    },
  },
  {
    name: 'copies the bytes that it is given',
    needs: 'content',
    async run(subject) {
      const target = await subject.open();
      const sink = await openContent(target, ONE, { length: 20 });
      const buffer = bytesOf(20);
      await sink.write(buffer.subarray(0, 10));
      buffer.fill(0, 0, 10);
      await sink.write(buffer.subarray(10));
      buffer.fill(0);
      await sink.commit();
      equal(await contentOf(subject, ONE), bytesOf(20));
    },
  },
  {
    name: 'refuses to commit what is too short, and takes the rest then',
    needs: 'content',
    async run(subject) {
      const target = await subject.open();
      const bytes = bytesOf(1000);
      const sink = await openContent(target, ONE, { length: 1000 });
      await rejection(sink.commit(), 'A commit of nothing');
      await sink.write(bytes.subarray(0, 999));
      await rejection(sink.commit(), 'A commit of too little');
      equal(await held(target, ONE), []);
      await sink.write(bytes.subarray(999));
      await sink.commit();
      equal(await contentOf(subject, ONE), bytes);
    },
  },
  {
    name: 'refuses to commit what is too long',
    needs: 'content',
    async run(subject) {
      const target = await subject.open();
      const sink = await openContent(target, ONE, { length: 1000 });
      const refused = async (): Promise<void> => {
        await sink.write(bytesOf(1001));
        await sink.commit();
      };
      await rejection(refused(), 'A commit of too much');
      await sink.abort();
      equal(await held(target, ONE), []);
      await bring(target, ONE, bytesOf(1000));
      equal(await contentOf(subject, ONE), bytesOf(1000));
    },
  },
  {
    name: 'throws away what is aborted, and also what had been suspended before',
    needs: 'content',
    async run(subject) {
      const target = await subject.open();
      const first = await openContent(target, ONE, { length: 1000 });
      await first.write(new Uint8Array(300));
      await first.suspend();
      const second = await openContent(target, ONE, { length: 1000 });
      await second.write(new Uint8Array(300));
      await second.abort(new Error('The digest is another'));
      equal(await held(target, ONE), []);
      const third = await openContent(target, ONE, { length: 1000 });
      equal(third.offset, 0, 'The offset after an abort');
      await third.abort();
      await bring(target, ONE, bytesOf(1000));
      equal(await contentOf(subject, ONE), bytesOf(1000));
    },
  },
  {
    name: 'comes to the whole content after every break, from the offset that it says',
    needs: 'content',
    async run(subject) {
      const bytes = bytesOf(1000);
      for (let tries = 1; (await contentOf(subject, ONE)) === undefined; tries += 1) {
        const target = await subject.open();
        const sink = await openContent(target, ONE, { length: bytes.length });
        equal(await joined(sink.kept()), bytes.slice(0, sink.offset), 'What was kept');
        for (let at = sink.offset; at < Math.min(bytes.length, tries * 250); at += 50) {
          await sink.write(bytes.subarray(at, at + 50));
        }
        if (tries < 4) await sink.suspend();
        else await sink.commit();
        await target.close();
        ok(tries < 5, 'It never is whole');
      }
      equal(await contentOf(subject, ONE), bytes);
    },
  },
  {
    name: 'goes on where it was suspended',
    needs: 'resumes',
    async run(subject) {
      const target = await subject.open();
      const first = await openContent(target, ONE, { length: 1000, encoding: 'gzip' });
      await first.write(bytesOf(1000).subarray(0, 700));
      await first.suspend();
      equal(await held(target, ONE), [], 'What is here of a content that is not whole');
      const second = await openContent(await subject.open(), ONE, { length: 1000, encoding: 'gzip' });
      equal(second.offset, 700);
    },
  },
  {
    name: 'does not go on with bytes of another form',
    needs: 'resumes',
    async run({ open }) {
      const target = await open();
      const first = await openContent(target, ONE, { length: 1000, encoding: 'gzip' });
      await first.write(bytesOf(700));
      await first.suspend();
      const others: readonly [string, ContentInfo][] = [
        [ONE, { length: 1000 }],
        [ONE, { length: 1001, encoding: 'gzip' }],
        [OTHER, { length: 1000, encoding: 'gzip' }],
      ];
      for (const [digest, info] of others) {
        const sink = await openContent(target, digest, info);
        equal([sink.offset, await joined(sink.kept())], [0, new Uint8Array()], `What is kept for ${digest}`);
        await sink.abort();
      }
    },
  },
  {
    name: 'takes one digest from several at once',
    needs: 'content',
    async run(subject) {
      const targets = [await subject.open(), await subject.open(), await subject.open()];
      const [first, second, third] = await Promise.all(
        targets.map((target) => openContent(target, ONE, { length: 1000 })),
      );
      ok(first !== undefined && second !== undefined && third !== undefined, 'There is no sink');
      await Promise.all([first, second, third].map((sink) => sink.write(bytesOf(1000).subarray(0, 500))));
      await Promise.all([first, second].map((sink) => sink.write(bytesOf(1000).subarray(500))));
      await first.commit();
      await second.commit();
      await third.abort();
      equal(await contentOf(subject, ONE), bytesOf(1000));
      equal(await held(await subject.open(), ONE), [ONE]);
    },
  },
  {
    name: 'refuses the bytes of a sink whose target is closed',
    needs: 'content',
    async run({ open }) {
      const target = await open();
      const sink = await openContent(target, ONE, { length: 1 });
      await target.close(new Error('The user has signed out'));
      const refused = async (): Promise<void> => {
        await sink.write(bytesOf(1));
        await sink.commit();
      };
      await rejects(refused(), isClosedError, 'Writing and committing');
      equal(await held(await open(), ONE), []);
    },
  },
];

async function openContent(target: Target, digest: string, info: ContentInfo): Promise<ContentSink> {
  ok(target.openContent !== undefined, 'The target takes no content');
  return target.openContent(digest, info);
}

/** Of some digests those that a target has, in their order. */
async function held(target: Target, ...digests: string[]): Promise<string[]> {
  ok(target.hasContent !== undefined, 'The target has no content');
  const found = await target.hasContent(digests);
  equal(found.size, new Set(digests.filter((digest) => found.has(digest))).size, 'The number of contents');
  return [...new Set(digests)].filter((digest) => found.has(digest));
}

async function bring(target: Target, digest: string, bytes: Uint8Array, step = 1000): Promise<void> {
  const sink = await openContent(target, digest, { length: bytes.length });
  for (let at = 0; at < bytes.length; at += step) await sink.write(bytes.subarray(at, at + step));
  await sink.commit();
}

async function contentOf({ content: read }: TargetSubject, digest: string): Promise<Uint8Array | undefined> {
  ok(read !== undefined, 'There is no content to look at');
  return read(digest);
}

/** Bytes of which no two neighbours of a hundred are alike. */
function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8)) & 0xff);
}

async function joined(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: number[] = [];
  for await (const chunk of chunks) all.push(...chunk);
  return Uint8Array.from(all);
}
