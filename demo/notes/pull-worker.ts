import { serveWorker } from 'couchtide/worker';

serveWorker();
