import { InputError } from '../../core/errors.ts';
import { isJsonObject } from '../../core/json-value.ts';
import { asCheckpoint, asMark, type Checkpoint, type DatabaseMark } from './checkpoint.ts';
import type { Ledger, LedgerEntry } from './ledger.ts';

/** Keeps the state of a scan in memory, and hands it out as a text. Findings are not kept. */
export class TokenLedger implements Ledger {
  readonly isKept = false;
  readonly #checkpoints = new Map<string, Checkpoint>();
  readonly #marks = new Map<string, Map<string, DatabaseMark>>();

  /**
   * @param token what an earlier one has handed out
   * @throws InputError for anything else
   */
  constructor(token?: string) {
    if (token === undefined) return;
    for (const [plugin, kept] of Object.entries(parse(token))) {
      const { checkpoint, marks } = isJsonObject(kept) ? kept : {};
      const sound = asCheckpoint(checkpoint);
      if (sound === undefined || !isJsonObject(marks)) throw noToken();
      this.#checkpoints.set(plugin, sound);
      const entries = Object.entries(marks).map(([db, mark]) => [db, asMark(mark)] as const);
      this.#marks.set(
        plugin,
        new Map(entries.filter((entry): entry is [string, DatabaseMark] => entry[1] !== undefined)),
      );
    }
  }

  /** The state as a text: it grows with the number of databases. */
  get token(): string {
    const plugins = Object.fromEntries(
      Array.from(this.#checkpoints, ([plugin, checkpoint]) => [
        plugin,
        { checkpoint, marks: Object.fromEntries(this.#marks.get(plugin) ?? []) },
      ]),
    );
    const bytes = new TextEncoder().encode(JSON.stringify({ version: 1, plugins }));
    const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
    return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  }

  load(plugin: string): Promise<Checkpoint | undefined> {
    return Promise.resolve(this.#checkpoints.get(plugin));
  }

  mark(plugin: string, db: string): Promise<DatabaseMark | undefined> {
    return Promise.resolve(this.#marks.get(plugin)?.get(db));
  }

  commit(plugin: string, { checkpoint, marks }: LedgerEntry): Promise<void> {
    this.#checkpoints.set(plugin, checkpoint);
    const known = this.#marks.get(plugin) ?? new Map<string, DatabaseMark>();
    for (const { db, mark } of marks) known.set(db, mark);
    this.#marks.set(plugin, known);
    return Promise.resolve();
  }

  withdraw(): Promise<void> {
    return Promise.resolve();
  }

  forgetDatabase(plugin: string, db: string): Promise<void> {
    this.#marks.get(plugin)?.delete(db);
    return Promise.resolve();
  }

  keepDatabases(): Promise<void> {
    return Promise.resolve();
  }

  drop(): Promise<void> {
    return Promise.resolve();
  }

  adding(): Ledger {
    return new TokenLedger();
  }

  forget(plugin: string): Promise<void> {
    this.#checkpoints.delete(plugin);
    this.#marks.delete(plugin);
    return Promise.resolve();
  }
}

function parse(token: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    const text = atob(token.replaceAll('-', '+').replaceAll('_', '/'));
    value = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(text, (unit) => unit.charCodeAt(0))),
    );
  } catch {
    throw noToken();
  }
  if (isJsonObject(value) && value['version'] === 1 && isJsonObject(value['plugins'])) return value['plugins'];
  throw noToken();
}

function noToken(): InputError {
  return new InputError('Option since must be "last", or the token of the summary of an earlier scan');
}
