import { StoreError } from '../../src/core/errors.ts';

/** What this adapter uses of `node:sqlite`, which Node.js, Deno and Bun have. */
export interface NodeSqlite {
  readonly DatabaseSync: new (path: string, options: { readonly readOnly: boolean }) => NodeDatabase;
}

/** A connection, as `node:sqlite` has it. */
export interface NodeDatabase {
  exec(sql: string): void;
  prepare(sql: string): NodeStatement;
  close(): void;
}

/** A prepared statement, as `node:sqlite` has it. */
export interface NodeStatement {
  run(...values: (Uint8Array | number)[]): unknown;
  get(...values: (Uint8Array | number)[]): Readonly<Record<string, unknown>> | undefined;
  iterate(...values: (Uint8Array | number)[]): Iterable<Readonly<Record<string, unknown>>>;
}

/**
 * The SQLite of this runtime. Some versions of Node.js warn that it is experimental when it is loaded first: what users
 * of couchtide can do nothing about is kept from them.
 *
 * @throws StoreError (`failed`) when the runtime has none
 */
export function loadSqlite(): NodeSqlite {
  const { emitWarning } = process;
  // Loading is synchronous, so nobody else's warning can be lost.
  process.emitWarning = () => {};
  try {
    const loaded: unknown = process.getBuiltinModule('node:sqlite');
    if (isSqlite(loaded)) return loaded;
  } finally {
    process.emitWarning = emitWarning;
  }
  throw new StoreError('This runtime has no node:sqlite: use Node.js 22.13 or later, Deno or Bun', 'failed');
}

function isSqlite(value: unknown): value is NodeSqlite {
  return typeof value === 'object' && value !== null && 'DatabaseSync' in value;
}
