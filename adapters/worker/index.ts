export type { WorkerPullOptions } from './options.ts';
export { pullInWorker } from './pull.ts';
export { serveWorker } from './serve.ts';
