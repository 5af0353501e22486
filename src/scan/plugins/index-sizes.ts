import { isJsonObject } from '../../core/json-value.ts';
import type { ScanPlugin } from '../plugin.ts';

/**
 * A plugin that tells how many bytes the views of each design document take: a finding `{ sizes: { file, active, external } }`. It is
 * also an example of how short a plugin can be.
 */
export function indexSizes(): ScanPlugin {
  return {
    name: 'index_sizes',
    start: () => ({ state: undefined }),
    resume: () => ({ state: undefined }),
    db: () => {},
    async ddoc(_, db, { id }, { found }) {
      const index = (await db.designDocInfo(id))?.['view_index'];
      if (isJsonObject(index)) found({ sizes: index['sizes'] });
    },
  };
}
