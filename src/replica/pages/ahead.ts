import { encodeJson } from '../../kv/json.ts';
import type { Layout } from '../layout.ts';
import type { Mutation } from '../storage.ts';

/**
 * The record that tells of a batch which is too much for one commit, while it is written ahead under some numbers. The commit
 * of the batch takes it away; where that never came, it says what is to be deleted.
 */
export function aheadOf(layout: Layout, from: number, to: number): Mutation {
  return [layout.job(`ahead-${from}`), encodeJson({ from, to })];
}
