import type { PullSettings } from './options.ts';

/**
 * Fetches the parts of the program that a continuous pull may come to need: it may outlive the network, and on the server the
 * release that its page is of. What cannot be fetched now is fetched, and complained about, when it is needed. See `loadPart`.
 *
 * @param hasStore whether the target is kept in a store, as a replica is
 */
export async function prefetch({ attachments }: PullSettings, hasStore: boolean): Promise<void> {
  await Promise.allSettled([
    import('../couch/feed/in-turn.ts'),
    import('./in-sync.ts'),
    ...(hasStore ? [import('../replica/pages/upkeep.ts')] : []),
    ...(attachments === undefined ? [] : attachmentParts(hasStore)),
  ]);
}

function attachmentParts(hasStore: boolean): Promise<unknown>[] {
  return [
    import('./attachments/contents.ts'),
    import('../couch/attachments/attached-revisions.ts'),
    import('../couch/attachments/attachments.ts'),
    ...(hasStore ? [import('../replica/contents/store.ts'), import('../replica/contents/upkeep.ts')] : []),
  ];
}
