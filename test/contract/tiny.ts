import { joinDocument } from '../../src/core/document-text.ts';
import type { Target } from '../../src/replica/target.ts';
import { alteredTarget } from './altered-target.ts';
import type { Failure, TargetCandidate, TargetSubject, TargetTrait } from './target.ts';
import { leavesOf, TinyData, TinyTarget } from './tiny-target.ts';
import { TinyContents, TinyTargetWithContent } from './tiny-target-content.ts';
import { TinyRecords, TinyTargetWithCheckpoints, TinyTargetWithRecords } from './tiny-target-records.ts';

/** A target as an application writes it for itself, from the least that it must have to all that it may. */
export const tinyCandidates: Readonly<Record<string, TargetCandidate>> = {
  'A tiny target': candidate([], () => {
    const data = new TinyData();
    return { data, open: () => new TinyTarget(data) };
  }),
  'A tiny target with checkpoints': candidate(['checkpoints'], () => {
    const data = new TinyRecords();
    return { data, open: () => new TinyTargetWithCheckpoints(data) };
  }),
  'A tiny target with records': candidate(['ancestors', 'replaces', 'checkpoints', 'atomic', 'failures'], () => {
    const data = new TinyRecords();
    return { data, open: () => new TinyTargetWithRecords(data) };
  }),
  'A tiny target with everything': candidate(
    ['ancestors', 'replaces', 'checkpoints', 'atomic', 'failures', 'content', 'resumes'],
    () => {
      const data = new TinyContents();
      const content = async (digest: string) => data.contents.get(digest)?.bytes;
      return { data, open: () => new TinyTargetWithContent(data), content };
    },
  ),
};

interface Opening extends Pick<TargetSubject, 'content'> {
  readonly data: TinyData;
  readonly open: () => Target;
}

function candidate(traits: readonly TargetTrait[], begin: () => Opening): TargetCandidate {
  return {
    traits: [...traits, 'breakable'],
    async create() {
      const { data, open, ...others } = begin();
      const breaking = new Breaking();
      return {
        subject: {
          ...others,
          open: async () => breaking.wrap(open()),
          leaves: async (id) => leavesOf(data, id),
          text: async (id, rev) => textOf(data, id, rev),
          fail: (failure) => breaking.fail(failure),
        },
        dispose: async () => {},
      };
    },
  };
}

/** A document as it would be read from CouchDB. */
export function textOf({ documents }: TinyData, id: string, rev: string): string | undefined {
  const content = documents.get(id)?.get(rev)?.content;
  if (content === undefined) return undefined;
  const { deleted, body, attachments } = content;
  return joinDocument(body, { id, rev, deleted, attachments });
}

/** Makes what is written fail. */
class Breaking {
  #failure: Failure | undefined;
  #left = 0;

  fail(failure: Failure | undefined): void {
    this.#failure = failure;
    this.#left = failure?.after ?? 0;
  }

  wrap(target: Target): Target {
    const writeCheckpoint = target.writeCheckpoint?.bind(target);
    return alteredTarget(target, {
      writeBatch: (batch) => this.#commit(() => target.writeBatch(batch)),
      ...(writeCheckpoint && { writeCheckpoint: (checkpoint) => this.#commit(() => writeCheckpoint(checkpoint)) }),
    });
  }

  async #commit<T>(write: () => Promise<T>): Promise<T> {
    const failure = this.#left > 0 ? undefined : this.#failure;
    this.#left -= 1;
    if (failure?.loses === 'commit') throw new Error('The store refused the commit');
    const result = await write();
    if (failure?.loses === 'answer') throw new Error('The answer of the store was lost');
    return result;
  }
}
