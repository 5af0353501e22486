import type { Platform } from '../../core/platform.ts';
import type { Budget } from './budget.ts';
import { type CrowdMember, planCrowd, type Standing } from './crowd-plan.ts';
import { CrowdWatch } from './crowd-watch.ts';
import type { Party, Seat } from './seat.ts';
import type { Slot } from './slot.ts';
import { afterTurn } from './turn.ts';

/** The live feeds of an origin, and whose turn it is: see `crowd-plan.ts`. */
export class Crowd {
  readonly #budget: Budget;
  readonly #onEmpty: () => void;
  readonly #members = new Set<Member>();
  readonly #watch: CrowdWatch;
  #lastAskedAt = Number.NEGATIVE_INFINITY;
  #isReviewing = false;
  #alarm: { readonly at: number; readonly controller: AbortController } | undefined;

  /** @param onEmpty called when the last feed has left */
  constructor(budget: Budget, onEmpty: () => void) {
    this.#budget = budget;
    this.#onEmpty = onEmpty;
    this.#watch = new CrowdWatch({
      members: this.#members,
      sit: (party) => this.#sit(party, Number.POSITIVE_INFINITY),
      onNews: () => this.review(),
    });
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  /** Takes in a feed. */
  join(party: Party): Seat {
    return this.#sit(party, Number.NEGATIVE_INFINITY);
  }

  /** Decides anew, as there may be more connections than before, or fewer. */
  review(): void {
    if (this.#isReviewing || this.isEmpty) return;
    this.#isReviewing = true;
    // What happens at the same time is one reason.
    queueMicrotask(() => {
      this.#isReviewing = false;
      const [member] = this.#members;
      if (member !== undefined) this.#decide(member.party.platform);
    });
  }

  #sit(party: Party, activeAt: number): Seat {
    const { platform } = party;
    const member = new Member(party, activeAt, platform.elapsed());
    this.#members.add(member);
    return {
      turn: (signal) =>
        new Promise((resolve, reject) => {
          signal.throwIfAborted();
          const abort = (): void => {
            member.rest();
            this.review();
            reject(signal.reason);
          };
          member.wait((slot) => {
            signal.removeEventListener('abort', abort);
            resolve(slot);
          });
          signal.addEventListener('abort', abort, { once: true });
          this.review();
        }),
      rest: () => {
        member.rest();
        this.review();
      },
      stir: () => {
        const now = platform.elapsed();
        if (member.isSurprised) this.#watch.doubt(member, now);
        member.activeAt = Math.max(member.activeAt, now);
      },
      leave: () => {
        this.#members.delete(member);
        this.review();
        if (!this.isEmpty) return;
        this.#setAlarm(Number.POSITIVE_INFINITY, platform);
        this.#onEmpty();
      },
    };
  }

  #decide(platform: Platform): void {
    const { limit, share, room, spare } = this.#budget;
    const now = platform.elapsed();
    const feeds = [...this.#members].filter(({ activeAt }) => activeAt !== Number.POSITIVE_INFINITY).length;
    const isCrowded = feeds > share;
    const attendAt = this.#watch.attend(isCrowded, now);
    const members = [...this.#members];
    for (const member of members) member.isWatched = this.#watch.covers(member);
    const held = members.filter(({ standing }) => standing === 'holding').length;
    const plan = planCrowd(
      {
        members,
        // Of a crowd, one connection is for those that are asked, or have more to tell than fits in one answer.
        places: Math.min(room, held + spare, isCrowded ? share - 1 : share),
        atOnce: Math.ceil(limit / 2),
        lastAskedAt: this.#lastAskedAt,
      },
      now,
    );
    for (const member of plan.yield) member.displace();
    for (const member of plan.hold) {
      const slot = this.#budget.hold(platform);
      if (slot !== undefined) member.begin(slot, now);
    }
    for (const member of plan.ask) {
      if (!member.isTold) this.#lastAskedAt = now;
      member.begin(undefined, now);
    }
    this.#setAlarm(Math.min(plan.at, attendAt), platform);
  }

  #setAlarm(at: number, platform: Platform): void {
    if (this.#alarm?.at === at) return;
    this.#alarm?.controller.abort();
    this.#alarm = undefined;
    if (at === Number.POSITIVE_INFINITY) return;
    const alarm = { at, controller: new AbortController() };
    this.#alarm = alarm;
    void this.#wake(alarm, platform);
  }

  async #wake(
    { at, controller }: { readonly at: number; readonly controller: AbortController },
    platform: Platform,
  ): Promise<void> {
    const { signal } = controller;
    try {
      // The turn is for clocks that do not wait, as there are in tests: the others must come to theirs.
      await Promise.all([platform.sleep(Math.max(0, at - platform.elapsed()), signal), afterTurn()]);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    if (this.#alarm?.controller !== controller) return;
    this.#alarm = undefined;
    this.review();
  }
}

class Member implements CrowdMember {
  readonly party: Party;
  activeAt: number;
  askedAt: number;
  isTold = false;
  isWatched = false;
  /** Whether it was covered, and not said to have changed, when it was asked. */
  #isUntold = false;
  #standing: Standing = 'away';
  #slot: Slot | undefined;
  #grant: ((slot: Slot | undefined) => void) | undefined;

  constructor(party: Party, activeAt: number, askedAt: number) {
    this.party = party;
    this.activeAt = activeAt;
    this.askedAt = askedAt;
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** Whether what it is told is news to whoever watches. */
  get isSurprised(): boolean {
    return this.#standing === 'asking' && this.#isUntold && !this.isTold;
  }

  wait(grant: (slot: Slot | undefined) => void): void {
    this.#standing = 'waiting';
    this.#grant = grant;
  }

  begin(slot: Slot | undefined, now: number): void {
    this.#standing = slot === undefined ? 'asking' : 'holding';
    this.#isUntold = this.isWatched && !this.isTold;
    this.#slot = slot;
    this.askedAt = now;
    this.isTold = false;
    this.#grant?.(slot);
  }

  rest(): void {
    this.#standing = 'away';
  }

  displace(): void {
    this.rest();
    this.#slot?.displace();
  }
}
