import { couch, openReplica, type Pull, pull } from '../../src/index.ts';
import { indexedDbKv } from '../indexeddb/index.ts';
import { type Command, PULL, type PullRequest, packed, type Told } from './messages.ts';

/**
 * Carries out what pages ask for by {@link pullInWorker}: all that a worker needs to do. Any number of pulls, each for as long as the
 * page has not stopped it, or as there is a page.
 *
 * @example
 * ```ts
 * // worker.js
 * serveWorker();
 * ```
 */
export function serveWorker(): void {
  globalThis.addEventListener('message', ({ data, ports: [port] }: MessageEvent) => {
    if (data?.type === PULL && port !== undefined) void serve(data, port);
  });
}

async function serve({ source, options }: PullRequest, port: MessagePort): Promise<void> {
  const tell = (told: Told): void => port.postMessage(packed(told));
  const { store, replica: name = store, keep, auth, headers, ...settings } = options;
  try {
    const kv = await indexedDbKv(store);
    try {
      const replica = await openReplica(kv, name, { ...(keep && { keep }) });
      const database = couch.db(source, { ...(auth && { auth }), ...(headers && { headers }) });
      const running = pull(database, replica, settings);
      running.status$.subscribe((status) => tell({ type: 'status', status }));
      running.events$.subscribe((event) => tell({ type: 'event', event }));
      // What was sent meanwhile comes now.
      port.onmessage = ({ data }: MessageEvent<Command>) => obey(running, data, tell);
      tell({ type: 'done', result: await running.done });
    } finally {
      await kv.close();
    }
  } catch (error) {
    tell({ type: 'failed', error });
  }
  port.close();
}

function obey(running: Pull, command: Command, tell: (told: Told) => void): void {
  switch (command.type) {
    case 'pause':
      running.pause();
      return;
    case 'resume':
      running.resume();
      return;
    case 'stop':
      // Its end is told by `done`.
      void running.stop();
      return;
    case 'inSync': {
      const { call, what } = command;
      void running.inSync(what).then(
        () => tell({ type: 'inSync', call }),
        (error: unknown) => tell({ type: 'inSync', call, error }),
      );
    }
  }
}
