import type { Finding } from './events.ts';
import { identityOf } from './run/identity.ts';

/**
 * A baseline: what is known already, so that a scan tells only what is new. Revisions do not count. For the option `isKnown`.
 *
 * @example
 * ```ts
 * const known = await baseline(findings$(memoryKv()));
 * scan(couch('http://127.0.0.1:5984'), [conflicts()], { isKnown: known }).subscribe(console.log);
 * ```
 */
export async function baseline(
  findings: Iterable<Finding> | AsyncIterable<Finding>,
): Promise<(finding: Finding) => boolean> {
  const known = new Set<string>();
  for await (const finding of findings) known.add(identityOf(finding));
  return (finding) => known.has(identityOf(finding));
}
