import type { Replica } from '../../src/replica/replica.ts';
import type { OpenKv } from './store-case.ts';
import type { Candidate, ContractCase, Created } from './suite.ts';

/** A replica, empty at first. Opens a handle of its own each time, where the store can be open several times over one of its own. */
export type OpenReplica = () => Promise<Replica>;

/** One point of what live reads keep. */
export type LiveCase = ContractCase<OpenReplica, never>;

/** A store on whose replicas the suite is run. */
export type LiveCandidate = Candidate<OpenReplica, never>;

/** What creates a store. */
export type CreateStore = () => Promise<Created<OpenKv>>;
