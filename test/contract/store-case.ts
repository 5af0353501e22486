import type { Kv } from '../../src/kv/kv.ts';
import type { Candidate, ContractCase } from './suite.ts';

/**
 * Opens a handle. All that one case opens belong to one store, which is empty at first. They need not be closed; only a
 * store that can be open several times is asked for a handle while another is open.
 */
export type OpenKv = () => Promise<Kv>;

/**
 * What not every store can do: be open in several handles at once (`several`), keep what was confirmed when all handles
 * are closed (`durable`), lock by name (`exclusive`).
 */
export type StoreTrait = 'several' | 'durable' | 'exclusive';

/** One point of the store contract. */
export type StoreCase = ContractCase<OpenKv, StoreTrait>;

/** A store to run the suite on. */
export type StoreCandidate = Candidate<OpenKv, StoreTrait>;
