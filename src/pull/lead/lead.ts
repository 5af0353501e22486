import type { Observable } from 'rxjs';
import { childController } from '../../core/abort.ts';
import { isCouchtideError } from '../../core/errors.ts';
import { Gate } from '../../core/gate.ts';
import type { Platform } from '../../core/platform.ts';
import type { PullStatus } from '../status.ts';
import type { MeetingPlace } from './meeting-place.ts';
import { LeadRecords, type Report, type Wish } from './records.ts';

/** Who has to wait no longer than this, in milliseconds, has not stood by: a lock that is free takes a moment, too. */
const AT_ONCE = 50;
/** Those who stand by call so often. */
const CALL = 30_000;
/** Nobody stands by who has not called for so long: timers of hidden pages ring once a minute. */
const SILENCE = 100_000;
/** Between two reports. */
const PAUSE = 250;

/** A pull that may have to share its target with others of the same id. */
export interface Candidate {
  readonly platform: Platform;
  readonly status$: Observable<PullStatus>;
  /** Another one leads; how it stands, as soon as that is known. */
  readonly onStandby: (leader: PullStatus | undefined) => void;
  /** This one leads after having stood by. */
  readonly onLead: () => void;
  /** Somebody who stands by wants it. */
  readonly onWish: (wish: Wish) => void;
}

/**
 * Lets one of several pulls work, the leader; the others stand by and hear how it stands, until it ends or is gone and the one
 * that has waited longest goes on. Rests on the lock of the store (`Kv.exclusive`), which a tab that is closed or killed gives
 * up at once.
 *
 * Costs: a leader alone writes nothing and reads one record; with others it writes a record four times a second at the most, while
 * something changes, and until they have been silent for a hundred seconds. Who stands by writes a record every half minute.
 */
export class Leadership {
  readonly #candidate: Candidate;
  readonly #place: MeetingPlace;
  readonly #records: LeadRecords;
  #standsBy = false;

  constructor(place: MeetingPlace, candidate: Candidate) {
    this.#place = place;
    this.#candidate = candidate;
    this.#records = new LeadRecords(place.kv, place.uuid, place.pull);
  }

  /** Tells the leader what is wanted; false when there is none but this. */
  wish(wish: Wish): boolean {
    if (this.#standsBy) void courtesy(() => this.#records.call(wish));
    return this.#standsBy;
  }

  /** Waits for its turn, then does its work. */
  async run<R>(work: (signal: AbortSignal) => Promise<R>, signal: AbortSignal): Promise<R> {
    const { kv, uuid, pull } = this.#place;
    const asking = childController(signal);
    const waiting = childController(asking.signal);
    const standing = this.#standBy(waiting.signal);
    standing.catch((error: unknown) => asking.abort(error));
    try {
      const lead = async (held: AbortSignal): Promise<R> => {
        waiting.abort();
        await standing;
        const hasStoodBy = this.#standsBy;
        this.#standsBy = false;
        if (hasStoodBy) this.#candidate.onLead();
        return this.#lead(work, hasStoodBy, held);
      };
      return await kv.exclusive(`pull ${uuid} ${pull}`, lead, { signal: asking.signal });
    } finally {
      this.#standsBy = false;
      waiting.abort();
      asking.release();
    }
  }

  /** Calls, and hears reports, until the signal aborts. */
  async #standBy(signal: AbortSignal): Promise<void> {
    const { platform, onStandby } = this.#candidate;
    if (!(await rested(platform, AT_ONCE, signal))) return;
    this.#standsBy = true;
    onStandby(undefined);
    let call = Number.POSITIVE_INFINITY;
    const listening = this.#follow(this.#records.reportKey, signal, async () => {
      const report = await this.#records.report();
      if (report !== undefined && report.calls >= call && !signal.aborted) onStandby(report.status);
    });
    do {
      await courtesy(async () => {
        const number = await this.#records.call();
        call = Math.min(call, number);
      });
    } while (await rested(platform, CALL, signal));
    await listening;
  }

  /** Works; reports and grants wishes meanwhile. */
  async #lead<R>(work: (signal: AbortSignal) => Promise<R>, isHeard: boolean, signal: AbortSignal): Promise<R> {
    const leading = childController(signal);
    const reporting = this.#report(isHeard, leading.signal);
    reporting.catch((error: unknown) => leading.abort(error));
    try {
      return await work(leading.signal);
    } finally {
      leading.abort();
      leading.release();
      await reporting;
    }
  }

  /** @param isHeard whether to begin at once: who has stood by himself may not have been the only one */
  async #report(isHeard: boolean, signal: AbortSignal): Promise<void> {
    const { platform, status$, onWish } = this.#candidate;
    let { count, wishes } = (await courtesy(() => this.#records.calls())) ?? { count: 0, wishes: 0 };
    let calledAt = isHeard ? platform.elapsed() : Number.NEGATIVE_INFINITY;
    let status: PullStatus | undefined;
    let told = '';
    const news = new Gate();
    news.close();
    const watching = status$.subscribe((changed) => {
      status = changed;
      if (platform.elapsed() - calledAt <= SILENCE) news.open();
    });
    const listening = this.#follow(this.#records.callsKey, signal, async () => {
      const calls = await this.#records.calls();
      if (calls.count === count || signal.aborted) return;
      calledAt = platform.elapsed();
      if (calls.wishes !== wishes && calls.wish !== undefined) onWish(calls.wish);
      ({ count, wishes } = calls);
      news.open();
    });
    try {
      while (await isOpened(news, signal)) {
        news.close();
        if (status === undefined) continue;
        const report: Report = { calls: count, status: withoutError(status) };
        const text = JSON.stringify(report);
        if (text !== told) await courtesy(() => this.#records.tell(report));
        told = text;
        await rested(platform, PAUSE, signal);
      }
    } finally {
      watching.unsubscribe();
      await listening;
    }
  }

  /** Looks whenever a record may have changed, until the signal aborts. */
  async #follow(key: LeadRecords['callsKey'], signal: AbortSignal, look: () => Promise<void>): Promise<void> {
    const hint = new Gate();
    const watching = this.#place.kv.watch(key).subscribe(() => hint.open());
    try {
      while (await isOpened(hint, signal)) {
        hint.close();
        await courtesy(look);
      }
    } finally {
      watching.unsubscribe();
    }
  }
}

/** That others hear of a pull is a courtesy: it does not end because a record of theirs cannot be read or written. */
async function courtesy<R>(call: () => Promise<R>): Promise<R | undefined> {
  try {
    return await call();
  } catch (error) {
    if (!isCouchtideError(error)) throw error;
    return undefined;
  }
}

/** Errors of all kinds as JSON has them: what they are called and say. */
function withoutError({ error, ...status }: PullStatus): PullStatus {
  return error instanceof Error ? { ...status, error: { name: error.name, message: error.message } } : status;
}

/** Whether so many milliseconds have passed before the signal aborted. */
async function rested(platform: Platform, ms: number, signal: AbortSignal): Promise<boolean> {
  return platform.sleep(ms, signal).then(
    () => true,
    () => false,
  );
}

async function isOpened(gate: Gate, signal: AbortSignal): Promise<boolean> {
  return gate.pass(signal).then(
    () => true,
    () => false,
  );
}
