import { awkwardDocuments, type Revision } from '../support/documents.ts';
import type { Chance } from './chance.ts';

/** A revision of a document that has been made. */
interface Node {
  readonly generation: number;
  /** Its own id, and those before it as far as they are told. */
  readonly ids: readonly string[];
  isLeaf: boolean;
}

/** Documents are edited up to this generation. */
const LAST_GENERATION = 6;

/** Ids that invite mistakes. */
const ODD_IDS = awkwardDocuments.map(({ _id }) => _id);

/**
 * A database that changes at random, as the revisions that make it: documents with conflicts, deletions and revivals, some
 * that begin twice, some that have forgotten how they began.
 */
export class RandomHistories {
  readonly #chance: Chance;
  readonly #oddIds: readonly string[];
  readonly #documents = new Map<string, Node[]>();
  /** Revisions made so far. */
  revisions = 0;

  /** @param mayDot whether ids may be the dot segments, which no url can carry */
  constructor(chance: Chance, { mayDot }: { readonly mayDot: boolean }) {
    this.#chance = chance;
    this.#oddIds = mayDot ? ODD_IDS : ODD_IDS.filter((id) => !/^\.\.?$/.test(id));
  }

  /** So many new documents, each with the changes it has gone through. */
  create(count: number): Revision[] {
    return Array.from({ length: count }, () => this.#create()).flat();
  }

  /** So many changes, most of them to documents that there are, often to the same one again. */
  change(count: number): Revision[] {
    const chance = this.#chance;
    const ids = [...this.#documents.keys()];
    let id: string | undefined;
    return Array.from({ length: count }, () => {
      if (ids.length === 0 || chance.next() < 0.2) return this.#create();
      id = id === undefined || chance.next() < 0.7 ? chance.oneOf(ids) : id;
      return this.#grow(id);
    }).flat();
  }

  #create(): Revision[] {
    const chance = this.#chance;
    const number = this.#documents.size;
    const odd = chance.next() < 0.1 ? chance.oneOf(this.#oddIds) : undefined;
    const id = odd !== undefined && !this.#documents.has(odd) ? odd : `document-${number}-${hex(chance, 4)}`;
    this.#documents.set(id, []);
    const isStemmed = chance.next() < 0.05;
    const start = isStemmed ? chance.between(20, 40) : 1;
    const ids = Array.from({ length: isStemmed ? chance.between(1, 4) : 1 }, () => hex(chance, 32));
    const revisions = [this.#add(id, { generation: start, ids, isLeaf: true })];
    // Half of the documents are never changed: those are the cheap ones to pull.
    const changes = chance.next() < 0.5 ? 0 : chance.between(1, 6);
    for (let change = 0; change < changes; change += 1) revisions.push(...this.#grow(id));
    return revisions;
  }

  /** One more revision of a document: mostly after a leaf, else beside one. */
  #grow(id: string): Revision[] {
    const chance = this.#chance;
    const nodes = this.#documents.get(id) ?? [];
    const leaves = nodes.filter(({ isLeaf }) => isLeaf);
    const parent = chance.oneOf(chance.next() < 0.75 ? leaves : nodes);
    const isFirst = chance.next() < 0.05;
    if (parent.generation >= LAST_GENERATION && parent.ids.length >= LAST_GENERATION && !isFirst) return [];
    const { generation, ids } = isFirst ? { generation: 0, ids: [] } : parent;
    if (!isFirst) parent.isLeaf = false;
    return [this.#add(id, { generation: generation + 1, ids: [hex(chance, 32), ...ids], isLeaf: true })];
  }

  #add(id: string, node: Node): Revision {
    const chance = this.#chance;
    this.#documents.get(id)?.push(node);
    this.revisions += 1;
    const { generation, ids } = node;
    const head = { _id: id, _rev: `${generation}-${ids[0]}`, _revisions: { start: generation, ids } };
    const length = Math.floor(2 ** (chance.next() * 11));
    const members = {
      number: chance.between(0, 1000),
      text: chance.oneOf(['words ', 'größer ', '日本😀']).repeat(length / 6),
    };
    return chance.next() < 0.15
      ? { ...head, _deleted: true, ...(chance.next() < 0.5 ? members : {}) }
      : { ...head, ...members };
  }
}

function hex(chance: Chance, digits: number): string {
  return Array.from({ length: digits }, () => chance.between(0, 15).toString(16)).join('');
}
