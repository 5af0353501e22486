import type { FindingDetails } from '../events.ts';
import type { RevisionSummary, ScanContext, ScanDb, ScanDoc, ScanRevision } from '../plugin.ts';
import { bodyNumbers } from './body-numbers.ts';
import { type BodyString, bodyStrings, joinStrings } from './body-strings.ts';
import type { CompiledRule } from './compiled-rule.ts';
import type { FindOptions } from './find-options.ts';
import type { Fingerprint } from './fingerprint.ts';
import { jsonPointer } from './json-pointer.ts';
import { maskedContext } from './masked-context.ts';
import type { ActiveRules, RuleSearch } from './rule-search.ts';

/** Where findings go. */
type Sink = Pick<ScanContext, 'found'>;

/** A text in which rules match, with what is told of it. */
interface Hit {
  readonly text: string;
  readonly rules: readonly CompiledRule[];
  readonly details: FindingDetails;
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
    const { id, text } = doc;
    // Without escapes, the text has every key and text of the body between quotes as it is, and need not be put together.
    const whole = text.includes('\\') ? `${this.#join(id, doc)}${this.#options.numbers ? text : ''}` : text;
    const active = this.#search.activeIn(whole);
    return active && this.#tell(this.#hits(doc, active, text), sink);
  }

  /** Of a document whose winner is alive, what has lost against it. */
  async losers(db: ScanDb, { id, deleted, leaves }: RevisionSummary, sink: Sink): Promise<void> {
    const revs = deleted ? [] : leaves.slice(1).flatMap((leaf) => (leaf.deleted ? [] : [leaf.rev]));
    if (revs.length === 0) return;
    for (const revision of await db.revisions(id, revs)) {
      if (revision.deleted) continue;
      const active = this.#search.activeIn(this.#join(id, revision));
      if (active !== undefined) await this.#tell(this.#hits(revision, active), sink);
    }
  }

  /** All that is looked at in a revision, but for numbers as they were written, as one text. */
  #join(id: string, { body, attachments }: ScanRevision): string {
    const { numbers, attachments: withAttachments } = this.#options;
    return `"${id}"${withAttachments ? attachments.join('"') : ''}${joinStrings(body)}${numbers ? JSON.stringify(body) : ''}`;
  }

  *#hits(revision: ScanRevision, active: ActiveRules, text?: string): Generator<Hit> {
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

  /** @param text the JSON of the revision, where it is at hand */
  *#strings({ body, attachments }: ScanRevision, text: string | undefined): Generator<BodyString> {
    const { numbers = false, attachments: withAttachments = false } = this.#options;
    yield* bodyStrings(body, { numbers: numbers && text === undefined });
    if (numbers && text !== undefined) yield* bodyNumbers(text);
    const up = { name: '_attachments', up: undefined };
    if (withAttachments)
      for (const [position, name] of attachments.entries())
        yield { text: name, step: { name, position, up }, at: 'key' };
  }

  #detailsOf({ step, at }: BodyString, { rev }: ScanRevision, active: ActiveRules): FindingDetails {
    const where = jsonPointer(step, ({ name, position }) => {
      const isHidden =
        this.#options.hideKeys && position !== undefined && this.#search.matching(name, active).length > 0;
      return isHidden ? `#${position}` : name;
    });
    return { rev, where, ...(at === 'key' ? { at } : {}) };
  }

  /** One finding for each rule; at once, where nothing has to be waited for. */
  #tell(hits: Iterable<Hit>, { found }: Sink): Promise<void> | undefined {
    const fingerprint = this.#fingerprint;
    if (fingerprint !== undefined) return this.#tellWith(fingerprint, hits, found);
    for (const hit of hits) for (const rule of hit.rules) found(this.#finding(hit, rule));
    return undefined;
  }

  async #tellWith(fingerprint: Fingerprint, hits: Iterable<Hit>, found: Sink['found']): Promise<void> {
    for (const hit of hits) {
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
