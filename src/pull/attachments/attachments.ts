import { loadPart } from '../../core/load-part.ts';
import type { BroughtContents, Contents, ContentsContext } from './contents.ts';
import type { StubbedRevision } from './plan.ts';

/** What a pull needs to bring attachments. */
export interface AttachmentsContext extends Omit<ContentsContext, 'policy'> {
  /** Undefined where no content is fetched. */
  readonly policy: ContentsContext['policy'] | undefined;
}

const NOTHING: BroughtContents = { failures: [], newer: [] };

/** The attachments of a pull: what brings their contents is loaded with the first of them that may be wanted. */
export class Attachments {
  readonly #context: AttachmentsContext;
  #contents: Contents | undefined;

  constructor(context: AttachmentsContext) {
    this.#context = context;
  }

  /** See {@link Contents.bring}. */
  async bring(revisions: readonly StubbedRevision[], signal: AbortSignal): Promise<BroughtContents> {
    const { policy, target } = this.#context;
    const isWanted = policy !== undefined && target.takesContent;
    if (!isWanted || revisions.every(({ attachments }) => attachments === undefined)) return NOTHING;
    const { Contents } = await loadPart(import('./contents.ts'));
    this.#contents ??= new Contents({ ...this.#context, policy });
    return this.#contents.bring(revisions, signal);
  }
}
