import type { Target } from '../../src/replica/target.ts';
import { alteredTarget } from '../contract/altered-target.ts';

/** The calls of a target that its pull makes. */
export type TargetCall = 'open' | 'diff' | 'writeBatch' | 'readCheckpoint' | 'writeCheckpoint' | 'failed';

/** Whether and how one call fails: by which error, before anything is done or after all of it. */
export interface Fault {
  readonly error: unknown;
  readonly loses: 'call' | 'answer';
}

/** A target whose calls are seen by a test, and fail where it says so. Calls are counted from 0. */
export function faultyTarget(target: Target, faultOf: (call: TargetCall, number: number) => Fault | undefined): Target {
  let count = 0;
  const through = async <T>(call: TargetCall, make: () => Promise<T>): Promise<T> => {
    const fault = faultOf(call, count++);
    if (fault?.loses === 'call') throw fault.error;
    const result = await make();
    if (fault !== undefined) throw fault.error;
    return result;
  };
  const readCheckpoint = target.readCheckpoint?.bind(target);
  const writeCheckpoint = target.writeCheckpoint?.bind(target);
  const failed = target.failed?.bind(target);
  return alteredTarget(target, {
    open: () => through('open', () => target.open()),
    diff: (offered) => through('diff', () => target.diff(offered)),
    writeBatch: (batch) => through('writeBatch', () => target.writeBatch(batch)),
    ...(readCheckpoint && { readCheckpoint: (id) => through('readCheckpoint', () => readCheckpoint(id)) }),
    ...(writeCheckpoint && {
      writeCheckpoint: (checkpoint) => through('writeCheckpoint', () => writeCheckpoint(checkpoint)),
    }),
    ...(failed && {
      async *failed() {
        const fault = faultOf('failed', count++);
        if (fault?.loses === 'call') throw fault.error;
        yield* failed();
        if (fault !== undefined) throw fault.error;
      },
    }),
  });
}
