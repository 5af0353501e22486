/**
 * A small, faithful CouchDB 3.4.3 that lives in memory: for the demo, and as the everyday source of the tests.
 *
 * @module
 */

export type { CorsConfig, ServerConfig } from './config.ts';
export type { DatabaseHandle, DocumentInput } from './database-handle.ts';
export type { Fault, Faults, Place } from './faults.ts';
export type { LoggedRequest, RequestLog } from './request-log.ts';
export { type CouchServer, type ServerOptions, startServer } from './start.ts';
export { type Interleave, type MaintenanceMode, shuffled, takeTurns } from './state.ts';
