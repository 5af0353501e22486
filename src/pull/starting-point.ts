import type { Database, DatabaseInfo } from '../couch/database.ts';
import type { Sequence } from '../couch/feed/sequence.ts';
import { nameOfPolicy } from './attachments/policy.ts';
import { Checkpoints, readCheckpoint } from './checkpoint.ts';
import { pullId } from './identity.ts';
import type { PullSettings } from './options.ts';
import type { PullTarget } from './pull-target.ts';
import { readFilterCode } from './source/filter-code.ts';
import { creationOf, fateOf } from './source/identity.ts';
import type { StartReason } from './status.ts';

/** Where a pull begins to read its source, and how source and target stand then. */
export interface StartingPoint {
  readonly info: DatabaseInfo;
  /** Whether the target holds nothing at all. */
  readonly empty: boolean;
  readonly checkpoints: Checkpoints;
  /** Up to where everything is stored, as far as that is known and still means something. */
  readonly through: Sequence | undefined;
  /** After which position to read; undefined for the beginning. */
  readonly since: Sequence | undefined;
  readonly reason: StartReason;
  /** Whether contents of attachments are wanted that pulls before this one may have left out. */
  readonly lacksContent: boolean;
}

/**
 * Finds out where a pull goes on. A checkpoint of a database that is no more counts for nothing, and is replaced with the first
 * batch of the one that has taken its place.
 *
 * Requests: one, and one more for a filter of a design document.
 *
 * @param distrusted whether the source has refused the position of the checkpoint, so that it cannot be its own
 */
export async function findStart(
  source: Database,
  target: PullTarget,
  settings: PullSettings,
  distrusted: boolean,
  signal: AbortSignal,
): Promise<StartingPoint> {
  const info = await source.info({ signal });
  const { empty } = await target.open();
  const id = settings.id ?? (await idOf(source, settings, signal));
  const created = creationOf(info);
  const place = { target, id };
  // Who fetches no content makes none good: what is here of it stays as it is.
  const mark = await readCheckpoint(place);
  const attachments = nameOfPolicy(settings.attachments);
  const lacksContent = settings.attachments !== undefined && !empty && mark?.attachments !== attachments;
  const checkpoints = new Checkpoints(place, { url: source.url, created, attachments });
  const found = { info, empty, checkpoints, lacksContent };
  if (mark === undefined) {
    return { ...found, through: undefined, since: settings.since, reason: empty ? 'first' : 'compared' };
  }
  const fate = distrusted ? 'recreated' : fateOf(mark, info);
  if (fate === 'same') return { ...found, through: mark.seq, since: mark.seq, reason: 'resumed' };
  return { ...found, through: undefined, since: undefined, reason: fate };
}

async function idOf(source: Database, { selection }: PullSettings, signal: AbortSignal): Promise<string> {
  const { filter } = selection;
  const code = filter === undefined ? undefined : await readFilterCode(source, filter, signal);
  return pullId(source.url, selection, code);
}
