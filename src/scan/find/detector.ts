import { LimitError } from '../../core/errors.ts';
import type { FindingDetails } from '../events.ts';
import type { RevisionSummary, ScanContext, ScanDb, ScanDoc, ScanRevision } from '../plugin.ts';
import { bodyNumbers } from './body-numbers.ts';
import { type BodyString, bodyStrings, joinStrings } from './body-strings.ts';
import type { CompiledRule } from './compiled-rule.ts';
import type { FindOptions } from './find-options.ts';
import { jsonPointer } from './json-pointer.ts';
import { maskedContext } from './masked-context.ts';
import type { ActiveRules, RuleSearch } from './rule-search.ts';

/** Names a secret without telling it. */
type Fingerprint = (secret: string) => Promise<string>;

/** Where findings go. */
type Sink = Pick<ScanContext, 'found'>;

/** A text in which rules match, with what is told of it. */
interface Hit {
  readonly text: string;
  readonly rules: readonly CompiledRule[];
  readonly details: FindingDetails & { readonly where: string };
}

/** Finds what rules match in databases, ids and documents, and tells it. Where that takes a while, what it gives is to be waited for. */
export class Detector {
  readonly #search: RuleSearch;
  readonly #options: FindOptions;
  readonly #fingerprint: Fingerprint | undefined;

  constructor(search: RuleSearch, options: FindOptions, fingerprint: Fingerprint | undefined) {
    this.#search = search;
    this.#options = options;
    this.#fingerprint = fingerprint;
  }

  database(name: string, sink: Sink): Promise<void> | undefined {
    return this.#tell([{ text: name, rules: this.#search.matchingAlone(name), details: { where: 'db' } }], sink);
  }

  id(id: string, sink: Sink): Promise<void> | undefined {
    return this.#tell([{ text: id, rules: this.#search.matchingAlone(id), details: { where: 'id' } }], sink);
  }

  document(doc: ScanDoc, sink: Sink): Promise<void> | undefined {
    return this.#revision(doc, doc.id, doc.text, sink);
  }

  /** Of a document whose winner is alive, what has lost against it. */
  async losers(db: ScanDb, { id, deleted, leaves }: RevisionSummary, sink: Sink): Promise<void> {
    const revs = deleted ? [] : leaves.slice(1).flatMap((leaf) => (leaf.deleted ? [] : [leaf.rev]));
    if (revs.length === 0) return;
    for (const revision of await db.revisions(id, revs)) {
      if (!revision.deleted) await this.#revision(revision, id, undefined, sink);
    }
  }

  /** @param text the JSON of the revision, where it is at hand */
  #revision(revision: ScanRevision, id: string, text: string | undefined, sink: Sink): Promise<void> | undefined {
    const active = this.#search.activeIn(this.#wholeOf(revision, id, text));
    return active && this.#tell(this.#hits(revision, active, text), sink);
  }

  /** A text that has all that is looked at in a revision, each between characters that are no part of words. */
  #wholeOf({ body, attachments }: ScanRevision, id: string, text: string | undefined): string {
    // Without escapes, the JSON is such a text.
    if (text !== undefined && !text.includes('\\')) return text;
    const { numbers = false } = this.#options;
    // As they were written, numbers are in the JSON alone.
    const written = numbers && text !== undefined ? text : '';
    return [id, ...attachments, joinStrings(body, { numbers: numbers && text === undefined }), written].join('"');
  }

  *#hits(revision: ScanRevision, active: ActiveRules, text: string | undefined): Generator<Hit> {
    for (const string of this.#strings(revision, text)) {
      const rules = this.#search.matching(string.text, active);
      if (rules.length > 0) yield { text: string.text, rules, details: this.#detailsOf(string, revision, active) };
      if (string.member === undefined) continue;
      const members = active.members.filter((rule) => !rules.includes(rule));
      if (members.length === 0) continue;
      const written = `"${string.member}": "${string.text}"`;
      const more = this.#search.matching(written, { groups: [], alone: members, members });
      if (more.length > 0) yield { text: written, rules: more, details: this.#detailsOf(string, revision, active) };
    }
  }

  *#strings({ body, attachments }: ScanRevision, text: string | undefined): Generator<BodyString> {
    const { numbers = false, attachments: withAttachments = false } = this.#options;
    yield* bodyStrings(body, { numbers: numbers && text === undefined });
    if (numbers && text !== undefined) yield* bodyNumbers(text);
    if (!withAttachments) return;
    const up = { name: '_attachments', up: undefined };
    for (const [position, name] of attachments.entries()) yield { text: name, step: { name, position, up }, at: 'key' };
  }

  #detailsOf({ step, at }: BodyString, { rev }: ScanRevision, active: ActiveRules): Hit['details'] {
    const where = jsonPointer(step, ({ name, position }) => {
      const isHidden =
        this.#options.hideKeys && position !== undefined && this.#search.matching(name, active).length > 0;
      return isHidden ? `#${position}` : name;
    });
    return { rev, where, ...(at === 'key' ? { at } : {}) };
  }

  /** One finding for each rule; at once, where nothing has to be waited for. */
  #tell(hits: Iterable<Hit>, { found }: Sink): Promise<void> | undefined {
    if (this.#fingerprint !== undefined) return this.#tellWith(this.#fingerprint, hits, found);
    for (const hit of limited(hits)) for (const rule of hit.rules) found(this.#finding(hit, rule));
    return undefined;
  }

  async #tellWith(fingerprint: Fingerprint, hits: Iterable<Hit>, found: Sink['found']): Promise<void> {
    for (const hit of limited(hits)) {
      for (const rule of hit.rules) {
        const match = rule.first(hit.text);
        const secret = match === undefined ? undefined : await fingerprint(rule.secretOf(match));
        found({ ...this.#finding(hit, rule), ...(secret === undefined ? {} : { fingerprint: secret }) });
      }
    }
  }

  #finding({ text, rules, details }: Hit, rule: CompiledRule): FindingDetails {
    const { context } = this.#options;
    const match = context === undefined ? undefined : rule.first(text);
    return {
      tag: rule.tag,
      ...details,
      ...(rule.rule.severity === undefined ? {} : { severity: rule.rule.severity }),
      ...(match === undefined || context === undefined ? {} : { context: maskedContext(text, match, context, rules) }),
    };
  }
}

/**
 * How many characters the places of one document may have together. Where every level of a deep document matches, they have as many
 * as the square of its length.
 */
const LONGEST_PLACES = 10_000_000;

function* limited(hits: Iterable<Hit>): Generator<Hit> {
  let length = 0;
  for (const hit of hits) {
    length += hit.details.where.length * hit.rules.length;
    if (length > LONGEST_PLACES) throw new LimitError('placesOfDocument', LONGEST_PLACES, length);
    yield hit;
  }
}
