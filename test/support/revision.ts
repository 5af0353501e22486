import type { RevisionToWrite } from '../../src/replica/target.ts';

/** A revision to be written, its path newest first: `'c b a'` is of the third generation. */
export function revision(
  id: string,
  path: string,
  body: object = {},
  rest: Partial<RevisionToWrite> = {},
): RevisionToWrite {
  const ids = path.split(' ');
  return {
    id,
    rev: `${ids.length}-${ids[0]}`,
    revisions: { start: ids.length, ids },
    deleted: false,
    body: JSON.stringify(body),
    ...rest,
  };
}
