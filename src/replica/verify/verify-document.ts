import { isJsonObject, type JsonObject } from '../../core/json-value.ts';
import { leaves } from '../../revs/leaves.ts';
import type { FoundBody, InspectedDocument } from '../storage.ts';
import { problem, type VerifyProblem } from './event.ts';

/**
 * What is wrong with a document in itself: it has revisions, each leaf of them has a body, whichever bodies are kept
 * beside, and every body and every attachment stub can be read.
 */
export function documentProblems({ head, bodies }: InspectedDocument): VerifyProblem[] {
  const { id, tree, stored } = head;
  const problems: VerifyProblem[] = [];
  const revs = new Set(stored.map(({ rev }) => rev));
  if (revs.size < stored.length) {
    problems.push(problem('document', 'The document has two bodies of one revision', { id }));
  }
  const all = leaves(tree);
  if (all.length === 0) problems.push(problem('document', 'The document has no revision', { id }));
  for (const { rev } of all) {
    if (!revs.has(rev)) problems.push(problem('body', 'The leaf revision has no body', { id, rev }));
  }
  for (const [index, { rev, attachments }] of stored.entries()) {
    const damage = bodyDamage(bodies[index]);
    if (damage !== undefined) problems.push(problem('body', `The body of the revision ${damage}`, { id, rev }));
    if (attachments !== undefined && !isStubs(attachments)) {
      problems.push(problem('attachments', 'The attachment stubs of the revision cannot be read', { id, rev }));
    }
  }
  return problems;
}

function bodyDamage(body: FoundBody | undefined): string | undefined {
  if (body === undefined) return 'is not there';
  if ('damage' in body) return body.damage;
  // Documents are put together around what stands between the braces, so blanks before the first would do harm.
  const isBody = body.text.startsWith('{') && body.text.endsWith('}') && parseObject(body.text) !== undefined;
  return isBody ? undefined : 'is not a JSON object';
}

function isStubs(attachments: string): boolean {
  const stubs = attachments.startsWith('{') ? parseObject(attachments) : undefined;
  return stubs !== undefined && Object.values(stubs).every(isJsonObject);
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
