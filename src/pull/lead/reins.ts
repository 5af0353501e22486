import type { Gate } from '../../core/gate.ts';
import { loadPart } from '../../core/load-part.ts';
import type { Platform } from '../../core/platform.ts';
import type { Progress } from '../progress.ts';
import type { PullTarget } from '../pull-target.ts';
import type { PullStatus } from '../status.ts';
import type { Leadership } from './lead.ts';
import { hasLocks, type MeetingPlace } from './meeting-place.ts';

/** A pull that may be held, and led. */
export interface ReinedPull {
  readonly target: PullTarget;
  /** Under which name it meets others. */
  readonly name: () => Promise<string>;
  readonly platform: Platform;
  readonly progress: Progress;
  readonly gate: Gate;
}

/** Holds a pull and lets it go on: this one where it works, and the one that works where this one stands by. */
export class Reins {
  readonly #pull: ReinedPull;
  #leadership: Leadership | undefined;

  constructor(pull: ReinedPull) {
    this.#pull = pull;
  }

  pause(): void {
    if (!this.#leadership?.wish('pause')) this.#hold();
  }

  resume(): void {
    if (!this.#leadership?.wish('resume')) this.#goOn();
  }

  /** Works when no other pull of this name does; at once where pulls cannot meet. */
  async run(work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const place = await this.#meetingPlace();
    if (place === undefined) return work(signal);
    const { Leadership } = await this.#pull.target.patiently(() => loadPart(import('./lead.ts')));
    this.#leadership = new Leadership(place, {
      platform: this.#pull.platform,
      status$: this.#pull.progress.status$,
      onStandby: (leader) => this.#onStandby(leader),
      onLead: () => this.#onLead(),
      onWish: (wish) => (wish === 'pause' ? this.#hold() : this.#goOn()),
    });
    return this.#leadership.run(work, signal);
  }

  async #meetingPlace(): Promise<MeetingPlace | undefined> {
    const { store: kv } = this.#pull.target;
    if (!hasLocks(kv)) return undefined;
    const { uuid } = await this.#pull.target.open();
    return { kv, uuid, pull: await this.#pull.name() };
  }

  #onStandby(leader: PullStatus | undefined): void {
    const { progress } = this.#pull;
    const isHeld = progress.status().state === 'paused';
    progress.onStandby(leader);
    if (!isHeld) return;
    // It was paused before it knew of the other, which is the one to pause.
    this.#goOn();
    this.pause();
  }

  #onLead(): void {
    const { progress } = this.#pull;
    const isHeld = progress.status().leader?.state === 'paused';
    progress.move('lead', { leader: undefined });
    if (isHeld) this.#hold();
  }

  #hold(): void {
    this.#pull.gate.close();
    this.#pull.progress.move('pause');
  }

  #goOn(): void {
    this.#pull.progress.move('resume', { error: undefined });
    this.#pull.gate.open();
  }
}
