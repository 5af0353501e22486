import { firstValueFrom } from 'rxjs';
import { beforeEach, describe, expect, test } from 'vitest';
import { packed, type Told } from '../../../adapters/worker/messages.ts';
import { pullInWorker } from '../../../adapters/worker/pull.ts';
import { CouchError, isCouchError, type Pull, type PullEvent } from '../../../src/index.ts';
import { firstStatus } from '../../../src/pull/status.ts';

/** A worker of which only what goes to and fro is there. */
class WorkerStandIn extends EventTarget {
  #port: MessagePort | undefined;

  postMessage(_request: unknown, [port]: readonly MessagePort[]): void {
    this.#port = port;
  }

  tell(told: Told): void {
    this.#port?.postMessage(packed(told));
  }
}

const missing = new CouchError('Database does not exist', {
  status: 404,
  error: 'not_found',
  reason: 'Database does not exist.',
  retryable: false,
  request: 'GET http://127.0.0.1:5984/recipes',
});

describe('pullInWorker', () => {
  let worker: WorkerStandIn;
  let running: Pull;
  let events: PullEvent[];

  beforeEach(() => {
    worker = new WorkerStandIn();
    running = pullInWorker(worker as unknown as Worker, 'http://127.0.0.1:5984/recipes', { store: 'recipes' });
    events = [];
    running.events$.subscribe((event) => events.push(event));
  });

  test.each([
    ['whose script cannot be loaded', new Event('error'), 'its script cannot be loaded'],
    ['that throws', Object.assign(new Event('error'), { message: 'Out of memory' }), 'Out of memory'],
  ])('tells of a worker %s', async (_, event, why) => {
    worker.dispatchEvent(event);
    const message = `The worker of the pull failed: ${why}`;
    await expect(running.done).rejects.toThrow(message);
    await expect(running.caughtUp).rejects.toThrow('ended before');
    expect(running.status()).toMatchObject({ state: 'failed', error: { message } });
    expect(events).toMatchObject([{ type: 'error', error: { message } }]);
    expect(await firstValueFrom(running.status$)).toBe(running.status());
  });

  test('tells of what failed before there was a pull', async () => {
    worker.tell({ type: 'failed', error: missing });
    const error: unknown = await running.done.catch((thrown: unknown) => thrown);
    expect(isCouchError(error) && error.status).toBe(404);
    expect(running.status()).toMatchObject({ state: 'failed', error });
    expect(events).toEqual([{ type: 'error', error }]);
  });

  test('tells once of a pull that says by itself that it has failed', async () => {
    worker.tell({ type: 'status', status: { ...firstStatus, state: 'failed', requests: 1, error: missing } });
    worker.tell({ type: 'event', event: { type: 'error', error: missing } });
    worker.tell({ type: 'failed', error: missing });
    await expect(running.done).rejects.toThrow(missing.message);
    expect(running.status()).toMatchObject({ state: 'failed', requests: 1 });
    expect(events).toHaveLength(1);
  });
});
