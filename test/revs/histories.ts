import * as fc from 'fast-check';
import { descendantLeaves, leaves, nodeDeleted, pathTo } from '../../src/revs/leaves.ts';
import { mergePath } from '../../src/revs/merge.ts';
import type { RevisionPath } from '../../src/revs/path.ts';
import { emptyTree, type RevTree } from '../../src/revs/tree.ts';

/** What arrives of one document: a path, and whether its newest revision is a tombstone. */
export interface Arrival {
  readonly path: RevisionPath;
  readonly deleted: boolean;
}

/** Everything that ever happened to a document, and what arrived of it. */
export interface History {
  /** All revisions, also those that no arrival tells of. */
  readonly revs: readonly string[];
  readonly arrivals: readonly Arrival[];
}

interface Edit {
  readonly rev: string;
  readonly generation: number;
  readonly id: string;
  readonly deleted: boolean;
  readonly parent: Edit | undefined;
}

const hexId = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 32, maxLength: 32 });
const shortId = fc.constantFrom('a', 'b', 'B', 'ab', 'é', '日', '', '%2c', 'x,y;z', '~1');

/**
 * Histories in which every revision has one parent or none. They have many forks and roots, and arrive in pieces: cut
 * anywhere, again and again, inner revisions too. With `repeats: false` no id occurs at two places.
 */
export function histories({ repeats = true } = {}): fc.Arbitrary<History> {
  const edit = fc.record({
    parent: fc.nat(),
    root: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    generation: fc.integer({ min: 1, max: 4 }),
    id: repeats ? fc.oneof(hexId, shortId) : hexId,
    deleted: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
  });
  const piece = fc.record({ edit: fc.nat(), length: fc.integer({ min: 1, max: 12 }) });
  return fc
    .record({
      edits: fc.array(edit, { minLength: 1, maxLength: 30 }),
      pieces: fc.array(piece, { minLength: 1, maxLength: 30 }),
    })
    .map(({ edits, pieces }) => {
      const made = new Map<string, Edit>();
      for (const { parent: nth, root, generation: first, id, deleted } of edits) {
        const parent = root || made.size === 0 ? undefined : [...made.values()][nth % made.size];
        const generation = parent === undefined ? first : parent.generation + 1;
        const rev = `${generation}-${id}`;
        if (!made.has(rev)) made.set(rev, { rev, generation, id, deleted, parent });
      }
      const all = [...made.values()];
      const arrivals = pieces.flatMap(({ edit: nth, length }) => arrivalOf(all[nth % all.length], length));
      return { revs: all.map(({ rev }) => rev), arrivals };
    });
}

function arrivalOf(edit: Edit | undefined, length: number): Arrival[] {
  if (edit === undefined) return [];
  const ids: string[] = [];
  for (let at: Edit | undefined = edit; at !== undefined && ids.length < length; at = at.parent) ids.push(at.id);
  return [{ path: { start: edit.generation, ids }, deleted: edit.deleted }];
}

/** Merges arrivals one after the other. */
export function grown(arrivals: readonly Arrival[], tree: RevTree = emptyTree): RevTree {
  return arrivals.reduce((sum, { path, deleted }) => mergePath(sum, path, deleted).tree, tree);
}

/** What a tree tells of a document and of some of its revisions, known or not. */
export interface Told {
  /** Revisions, best first. */
  readonly leaves: readonly string[];
  readonly revs: readonly {
    readonly rev: string;
    /** The revision and its ancestors, newest first. */
    readonly line: readonly string[];
    readonly deleted: boolean;
    /** The leaves that came of it, ascending. */
    readonly latest: readonly string[];
  }[];
}

export function told(tree: RevTree, revs: readonly string[]): Told {
  return {
    leaves: leaves(tree).map(({ rev }) => rev),
    revs: revs.map((rev) => ({
      rev,
      line: lineOf(pathTo(tree, rev)),
      deleted: nodeDeleted(tree, rev),
      latest: descendantLeaves(tree, rev).map((leaf) => leaf.rev),
    })),
  };
}

/** The revisions of a path as text. */
export function lineOf(path: RevisionPath | undefined): string[] {
  return path === undefined ? [] : path.ids.map((id, i) => `${path.start - i}-${id}`);
}

/** A model of a tree, too slow and too simple to be wrong: of each revision its parent, and which are tombstones. */
export class Model {
  readonly parents = new Map<string, string | undefined>();
  readonly tombstones = new Set<string>();

  constructor(arrivals: readonly Arrival[]) {
    for (const { path, deleted } of arrivals) {
      const line = lineOf(path);
      for (const [i, rev] of line.entries()) this.parents.set(rev, line[i + 1] ?? this.parents.get(rev));
      if (deleted && line[0] !== undefined) this.tombstones.add(line[0]);
    }
  }

  line(rev: string): string[] {
    const line: string[] = [];
    if (!this.parents.has(rev)) return line;
    for (let at: string | undefined = rev; at !== undefined; at = this.parents.get(at)) line.push(at);
    return line;
  }

  /** All leaves, ascending. */
  leaves(): string[] {
    const parents = new Set(this.parents.values());
    return [...this.parents.keys()].filter((rev) => !parents.has(rev)).sort(ascending);
  }

  told(revs: readonly string[]): Told {
    const all = this.leaves();
    const best = [...all].reverse();
    return {
      leaves: [...best.filter((rev) => !this.tombstones.has(rev)), ...best.filter((rev) => this.tombstones.has(rev))],
      revs: revs.map((rev) => ({
        rev,
        line: this.line(rev),
        deleted: this.tombstones.has(rev),
        latest: all.filter((leaf) => this.line(leaf).includes(rev)),
      })),
    };
  }
}

/** The order of generations and ids, by the bytes that CouchDB keeps. */
function ascending(a: string, b: string): number {
  return Number.parseInt(a, 10) - Number.parseInt(b, 10) || Buffer.compare(packed(a), packed(b));
}

function packed(rev: string): Buffer {
  const id = rev.slice(rev.indexOf('-') + 1);
  return /^[0-9a-f]{32}$/i.test(id) ? Buffer.from(id, 'hex') : Buffer.from(id);
}
