import { type Observable, Subject } from 'rxjs';
import { Current } from '../core/current.ts';
import { isNetworkError } from '../core/errors.ts';
import type { Traffic } from '../couch/request/connection.ts';
import type { RetryNotice } from '../couch/request/retry.ts';
import type { Stored } from './passage.ts';
import { firstPhase, nextPhase, type PullPhase, type PullTrigger } from './state.ts';
import { firstStatus, type PullEvent, type PullStatus } from './status.ts';

/** How a pull stands and what happens in it, as everybody may see it. */
export class Progress {
  readonly #traffic: Traffic;
  readonly #events$ = new Subject<PullEvent>();
  readonly #status = new Current<PullStatus>(firstStatus);
  #phase: PullPhase = firstPhase;
  #advances = 0;
  readonly status$: Observable<PullStatus> = this.#status.value$;
  readonly events$: Observable<PullEvent> = this.#events$.asObservable();

  /** @param traffic is looked at whenever the status is */
  constructor(traffic: Traffic) {
    this.#traffic = traffic;
  }

  /** Counts commits of something new, and times of being caught up: tells a failure after progress from one in a row. */
  get advances(): number {
    return this.#advances;
  }

  status(): PullStatus {
    return { ...this.#status.value, ...this.#traffic };
  }

  move(trigger: PullTrigger, change: Partial<PullStatus> = {}): void {
    this.#phase = nextPhase(this.#phase, trigger);
    this.#status.next({ ...this.status(), ...change, state: this.#phase.state });
  }

  tell(event: PullEvent): void {
    this.#events$.next(event);
  }

  onStored({ read, written, failures, rejected, forgotten, rows, through, pending, caughtUp }: Stored): void {
    const before = this.#status.value;
    if (written > 0 || through !== undefined) this.#advances += 1;
    this.move('progress', {
      docsRead: before.docsRead + read,
      docsWritten: before.docsWritten + written,
      docsFailed: before.docsFailed + failures.length + rejected.length,
      pending: pending ?? (before.pending === undefined ? undefined : Math.max(0, before.pending - rows)),
      ...(through === undefined ? {} : { seq: through }),
    });
    for (const failure of failures) this.tell({ type: 'failed', ...failure });
    for (const revision of rejected) this.tell({ type: 'rejected', ...revision });
    if (read > 0 || rows > 0 || written > 0) this.tell({ type: 'batch', read, written });
    if (through !== undefined) this.tell({ type: 'checkpoint', seq: through });
    for (const revision of forgotten) {
      this.tell({ type: 'skipped', ...revision, reason: 'The source has given this revision up' });
    }
    if (caughtUp) this.onCaughtUp();
  }

  /** The content of an attachment is stored. */
  onAttachment(): void {
    this.move('progress', { attachments: this.#status.value.attachments + 1 });
  }

  onLeftOut(count: number): void {
    this.move('progress', { attachmentsLeftOut: this.#status.value.attachmentsLeftOut + count });
  }

  onCaughtUp(): void {
    this.#advances += 1;
    this.move('caught-up', { pending: 0 });
    this.tell({ type: 'caught-up' });
  }

  /** Another pull works, and stands so. What it has done is told here too, as far as it can be told from how it stands. */
  onStandby(leader: PullStatus | undefined): void {
    const before = this.#status.value.leader;
    this.move('standby', { leader });
    if (leader === undefined) return;
    const hasMoved = leader.seq !== before?.seq;
    if (hasMoved && leader.seq !== undefined) this.tell({ type: 'checkpoint', seq: leader.seq });
    if (leader.state === 'live' && (hasMoved || before?.state !== 'live')) this.tell({ type: 'caught-up' });
  }

  onRetry(notice: RetryNotice): void {
    const { error } = notice;
    this.move(isNetworkError(error) && error.failure === 'unreachable' ? 'unreachable' : 'refused');
    this.tell({ type: 'retry', ...notice });
  }

  /** The last event, after which nothing is told any more. */
  end(event: PullEvent): void {
    this.tell(event);
    this.#events$.complete();
    this.#status.complete();
  }
}
