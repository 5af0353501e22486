import type { ChooseShard } from '../../../demo/server/changes-pass.ts';
import { shardOf } from '../../../demo/server/shard.ts';
import { bodyOf, type Exchange } from './recording.ts';
import { decodeSequence } from './sequence-text.ts';

/** How many shards the recorded databases had. */
export const SHARDS = 2;

/**
 * Chooses the shards in the order in which they took turns in a recorded feed, so that the demo server's rows come in the
 * recorded order, and each covers what the recorded one covers.
 *
 * In a filtered feed there are changes between two rows that do not pass; which, the sequence of the next row tells.
 */
export function interleaveLike({ request, response }: Exchange): ChooseShard {
  const steps = Array.from(bodyOf(response).toString().matchAll(POSITIONS), readStep);
  const filtered = request.path.includes('filter=');
  let at = 0;
  return (candidates) => {
    const step = steps[at];
    const hidden = candidates.find(
      ({ shard, sequence }) => filtered && shard !== step?.shard && sequence <= (step?.covers[shard] ?? 0),
    );
    const own = candidates.find(({ shard }) => shard === step?.shard);
    const chosen = hidden ?? own ?? candidates[0];
    if (hidden === undefined && isReached(step, own?.sequence)) at += 1;
    return chosen?.shard ?? 0;
  };
}

/** The rows of a feed, and its end. */
const POSITIONS = /\{"seq":(?:null|"([^"]+)"),"id":("(?:[^"\\]|\\.)*")|"last_seq":"([^"]+)"/g;

interface Step {
  /** The shard of the row; none for the end of the feed. */
  readonly shard: number | undefined;
  /** The sequences up to which each shard was read then; empty where the feed does not tell. */
  readonly covers: readonly number[];
}

function readStep([, sequence = '', id, last = sequence]: RegExpMatchArray): Step {
  return {
    shard: id === undefined ? undefined : shardOf(JSON.parse(id), SHARDS),
    covers: decodeSequence(last)?.shards.map((shard) => shard.sequence) ?? [],
  };
}

/** Whether a change of the step's own shard is the step's row, and not one before it that does not pass. */
function isReached(step: Step | undefined, sequence: number | undefined): boolean {
  if (step?.shard === undefined || sequence === undefined) return false;
  const covered = step.covers[step.shard];
  return covered === undefined || sequence >= covered;
}
