import { isCouchtideError } from '../../core/errors.ts';
import type { Party, Seat } from './seat.ts';

/** A member of a crowd, as far as it can be told of its database. */
export interface WatchedMember {
  readonly party: Party;
  /** When it was last asked what there is. */
  readonly askedAt: number;
  /** Whether it is said to have changed since. */
  isTold: boolean;
}

/** The crowd for which is watched. */
export interface WatchedCrowd {
  readonly members: ReadonlySet<WatchedMember>;
  /** Takes a seat for the feed that tells. */
  readonly sit: (party: Party) => Seat;
  /** Called when something was told, and when nothing will be told any more. */
  readonly onNews: () => void;
}

/** So long a server that does not tell is not asked again, in milliseconds. */
const REFUSED_FOR = 3_600_000;
/** So much later than it can be read, a change is told at the latest; or nothing is told at all, as servers can be set up. */
const LATE = 10_000;

interface Watch {
  readonly group: string;
  readonly controller: AbortController;
  /** Since when changes are told, as far as has been seen. */
  trustedSince: number | undefined;
  /** A change that was not told, and until when it still may be. */
  doubt: { readonly database: string; readonly until: number } | undefined;
}

/**
 * Has one feed tell of all databases of a crowd, where the server offers one (`_db_updates`) and allows it. An origin has one
 * at the most, for the largest group of those that see the same; it lives only as long as there is a crowd. What it tells is
 * relied upon from the first change on that it has told, until a change is found that it has not.
 */
export class CrowdWatch {
  readonly #crowd: WatchedCrowd;
  readonly #refusedUntil = new Map<string, number>();
  #watch: Watch | undefined;

  constructor(crowd: WatchedCrowd) {
    this.#crowd = crowd;
  }

  /** Begins or ends to watch, as needed; gives when to attend to it again, if nothing happens before. */
  attend(isCrowded: boolean, now: number): number {
    const watch = this.#watch;
    if (watch?.doubt !== undefined && watch.doubt.until <= now) this.#refuse(watch, now);
    else if (watch !== undefined && !(isCrowded && this.#hasMembers(watch.group))) this.#end(watch);
    if (isCrowded && this.#watch === undefined) this.#begin(now);
    return this.#watch?.doubt?.until ?? Number.POSITIVE_INFINITY;
  }

  /** Whether a member would have been told, had its database changed since it was asked. */
  covers({ party, askedAt }: WatchedMember): boolean {
    const { group, trustedSince } = this.#watch ?? {};
    return group !== undefined && group === party.group && trustedSince !== undefined && askedAt >= trustedSince;
  }

  /** A member has found a change of which it should have been told. */
  doubt({ party: { database } }: WatchedMember, now: number): void {
    if (this.#watch !== undefined && database !== undefined) this.#watch.doubt ??= { database, until: now + LATE };
  }

  /** Watches for the largest group that may. */
  #begin(now: number): void {
    const groups = new Map<string, { readonly party: Party; readonly size: number }>();
    for (const { party } of this.#crowd.members) {
      const { group, watch } = party;
      if (group === undefined || watch === undefined || (this.#refusedUntil.get(group) ?? now) > now) continue;
      groups.set(group, { party, size: (groups.get(group)?.size ?? 0) + 1 });
    }
    const [largest] = [...groups].sort(([, one], [, other]) => other.size - one.size);
    if (largest !== undefined) void this.#run(largest[1].party, largest[0]);
  }

  async #run({ platform, watch: follow }: Party, group: string): Promise<void> {
    const watch: Watch = { group, controller: new AbortController(), trustedSince: undefined, doubt: undefined };
    const { signal } = watch.controller;
    this.#watch = watch;
    const watching = {
      seat: this.#crowd.sit({ platform }),
      onTold: (database: string) => this.#tell(watch, database, platform.elapsed()),
      onLost: () => {
        watch.trustedSince = undefined;
        this.#crowd.onNews();
      },
    };
    try {
      await follow?.(watching, signal);
    } catch (error) {
      // What the server refuses here, nobody has asked for.
      if (!signal.aborted && !isCouchtideError(error)) throw error;
    }
    if (!signal.aborted) this.#refuse(watch, platform.elapsed());
  }

  #tell(watch: Watch, database: string, now: number): void {
    if (watch.doubt?.database === database) watch.doubt = undefined;
    for (const member of this.#crowd.members) {
      if (member.party.group !== watch.group || member.party.database !== database) continue;
      watch.trustedSince ??= now;
      member.isTold = true;
    }
    this.#crowd.onNews();
  }

  #refuse(watch: Watch, now: number): void {
    this.#refusedUntil.set(watch.group, now + REFUSED_FOR);
    this.#end(watch);
    this.#crowd.onNews();
  }

  #end(watch: Watch): void {
    this.#watch = undefined;
    watch.controller.abort();
  }

  #hasMembers(group: string): boolean {
    for (const { party } of this.#crowd.members) if (party.group === group) return true;
    return false;
  }
}
