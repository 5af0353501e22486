import { serveWorker } from '../../../adapters/worker/index.ts';

serveWorker();
