import type { Kv } from '../../kv/kv.ts';

type LockingKv = Kv & Required<Pick<Kv, 'exclusive'>>;

/** Whether pulls can meet in a store. */
export function hasLocks(kv: Kv | undefined): kv is LockingKv {
  return kv?.exclusive !== undefined;
}

/** Where pulls of one id into one target meet. */
export interface MeetingPlace {
  readonly kv: LockingKv;
  /** Of the target. */
  readonly uuid: string;
  /** Names the pull. */
  readonly pull: string;
}
