import { canonicalJson } from '../../core/canonical-json.ts';
import type { Finding } from '../events.ts';

/** What a finding is known by, within one scan and from one scan to the next: everything in it but the revision. */
export function identityOf({ rev: _, ...finding }: Finding): string {
  return canonicalJson(finding);
}
