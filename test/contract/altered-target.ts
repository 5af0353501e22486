import type { Target } from '../../src/replica/target.ts';

/** The same target, with the optional parts that it has, and some of its members replaced. */
export function alteredTarget(target: Target, replaced: Partial<Target>): Target {
  const readCheckpoint = target.readCheckpoint?.bind(target);
  const writeCheckpoint = target.writeCheckpoint?.bind(target);
  const failed = target.failed?.bind(target);
  const hasContent = target.hasContent?.bind(target);
  const openContent = target.openContent?.bind(target);
  return {
    open: () => target.open(),
    diff: (offered) => target.diff(offered),
    writeBatch: (batch) => target.writeBatch(batch),
    ...(readCheckpoint && { readCheckpoint }),
    ...(writeCheckpoint && { writeCheckpoint }),
    ...(failed && { failed }),
    ...(hasContent && { hasContent }),
    ...(openContent && { openContent }),
    close: (reason) => target.close(reason),
    ...replaced,
  };
}
