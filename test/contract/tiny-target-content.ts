import type { ContentInfo, ContentSink } from '../../src/index.ts';
import { TinyRecords, TinyTargetWithRecords } from './tiny-target-records.ts';

/** What the application keeps, the content of attachments too. */
export class TinyContents extends TinyRecords {
  /** By digest, in the form that `encoding` says. */
  readonly contents = new Map<string, { readonly bytes: Uint8Array; readonly info: ContentInfo }>();
  /** Transfers that have broken off. */
  readonly suspended = new Map<string, readonly Uint8Array[]>();
}

/** The tiny target with attachments. */
export class TinyTargetWithContent extends TinyTargetWithRecords<TinyContents> {
  async hasContent(digests: readonly string[]): Promise<ReadonlySet<string>> {
    const { contents } = this.data();
    return new Set(digests.filter((digest) => contents.has(digest)));
  }

  async openContent(digest: string, info: ContentInfo): Promise<ContentSink> {
    const data = (): TinyContents => this.data();
    const transfer = JSON.stringify([digest, info.length, info.encoding]);
    const kept = data().suspended.get(transfer) ?? [];
    const chunks = [...kept];
    return {
      offset: sizeOf(kept),
      async *kept() {
        yield* kept;
      },
      async write(bytes) {
        data();
        chunks.push(bytes.slice());
      },
      async commit() {
        const { contents, suspended } = data();
        if (sizeOf(chunks) !== info.length) {
          throw new RangeError(`The content has ${sizeOf(chunks)} bytes, not ${info.length}`);
        }
        suspended.delete(transfer);
        contents.set(digest, contents.get(digest) ?? { bytes: joined(chunks), info });
      },
      async suspend() {
        data().suspended.set(transfer, chunks);
      },
      async abort() {
        data().suspended.delete(transfer);
      },
    };
  }
}

function sizeOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((size, { length }) => size + length, 0);
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(sizeOf(chunks));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
