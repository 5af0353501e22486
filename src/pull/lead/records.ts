import { isJsonObject } from '../../core/json-value.ts';
import { decodeJson, encodeJson } from '../../kv/json.ts';
import type { Key, Kv } from '../../kv/kv.ts';
import type { PullStatus } from '../status.ts';

/** What those who stand by may want of the leader. */
export type Wish = 'pause' | 'resume';

/** What those who stand by have told. */
export interface Calls {
  /** How often they have called. */
  readonly count: number;
  /** The last wish, and how many there have been. */
  readonly wish: Wish | undefined;
  readonly wishes: number;
}

/** How the leader stands. */
export interface Report {
  /** The calls that it had heard: who called later has had no answer yet, and reads what another leader left behind. */
  readonly calls: number;
  readonly status: PullStatus;
}

/** A status is told often and lost without harm. */
const RELAXED = { durability: 'relaxed' } as const;

/**
 * The two records through which those who share a pull talk: `pull, lead, uuid, pull, calls` and `…, report`. They are
 * written only while somebody stands by, and no larger for any number of them.
 */
export class LeadRecords {
  readonly #kv: Kv;
  readonly callsKey: Key;
  readonly reportKey: Key;

  /**
   * @param uuid of the target
   * @param pull names the pull
   */
  constructor(kv: Kv, uuid: string, pull: string) {
    this.#kv = kv;
    this.callsKey = ['pull', 'lead', uuid, pull, 'calls'];
    this.reportKey = ['pull', 'lead', uuid, pull, 'report'];
  }

  async calls(): Promise<Calls> {
    const [entry] = await this.#kv.read([this.callsKey]);
    return callsIn(entry?.value);
  }

  /** Says that somebody stands by, and what he wants; gives the number of the call. */
  call(wish?: Wish): Promise<number> {
    return this.#kv.update(
      [this.callsKey],
      ([seen]) => {
        const before = callsIn(seen?.value);
        const wished = wish === undefined ? before : { wish, wishes: before.wishes + 1 };
        const calls = { ...before, ...wished, count: before.count + 1 };
        return { set: [[this.callsKey, encodeJson(calls)]], result: calls.count };
      },
      RELAXED,
    );
  }

  async report(): Promise<Report | undefined> {
    const [entry] = await this.#kv.read([this.reportKey]);
    const value = entry === undefined ? undefined : decodeJson(entry.value);
    return isReport(value) ? value : undefined;
  }

  /** @param report as JSON */
  tell(report: Report): Promise<void> {
    return this.#kv.update([], () => ({ set: [[this.reportKey, encodeJson(report)]], result: undefined }), RELAXED);
  }
}

/** Only couchtide writes these records, in one form. */
function callsIn(bytes: Uint8Array | undefined): Calls {
  const value = bytes === undefined ? undefined : decodeJson(bytes);
  const { count, wish, wishes } = isJsonObject(value) ? value : {};
  return {
    count: typeof count === 'number' ? count : 0,
    wish: wish === 'pause' || wish === 'resume' ? wish : undefined,
    wishes: typeof wishes === 'number' ? wishes : 0,
  };
}

function isReport(value: unknown): value is Report {
  return isJsonObject(value) && typeof value['calls'] === 'number' && isJsonObject(value['status']);
}
