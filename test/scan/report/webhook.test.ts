import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../../src/scan/events.ts';
import { type WebhookFailure, type WebhookOptions, webhook } from '../../../src/scan/report/webhook.ts';
import { answer, startScriptedServer } from '../../support/scripted-server.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

const finding = (id: number): Finding => ({
  type: 'finding',
  plugin: 'find',
  db: 'shop',
  id: `${id}`,
  tag: 'aws',
  where: '/a',
});

type Step = number | Error | 'silence' | { readonly status: number; readonly headers: Record<string, string> };

/** A receiver that answers its requests as is written down, the last step again and again. */
function receiver(...steps: Step[]) {
  const clock = virtualClock();
  const requests: { readonly ids: string[]; readonly headers: Headers; readonly at: number }[] = [];
  const failures: WebhookFailure[] = [];
  const uuids = ['uuid-1', 'uuid-2', 'uuid-3'];
  const fetch = (_url: string, { body, headers, signal }: RequestInit): Promise<Response> => {
    const { findings } = JSON.parse(String(body)) as { findings: readonly Finding[] };
    requests.push({
      ids: findings.map(({ id }) => id ?? ''),
      headers: new Headers(headers),
      at: clock.platform.elapsed(),
    });
    const step = steps[Math.min(requests.length, steps.length) - 1] ?? 200;
    if (step instanceof Error) return Promise.reject(step);
    if (step === 'silence') {
      return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    }
    return Promise.resolve(typeof step === 'number' ? new Response('', { status: step }) : new Response('', step));
  };
  const platform = { ...clock.platform, fetch, uuid: () => uuids.shift() ?? 'uuid' };
  const open = (options: WebhookOptions = {}) =>
    webhook('https://hooks.example/T0/secret?key=1', {
      platform,
      onFailure: (failure) => failures.push(failure),
      ...options,
    });
  return { clock, requests, failures, open };
}

describe('webhook', () => {
  test('sends what it is given, together what comes while a request is under way', async () => {
    const { requests, open } = receiver(200);
    const alerts = open();
    for (const id of [1, 2, 3]) await alerts.send(finding(id));
    expect(await alerts.close()).toEqual({ sent: 3, failed: 0 });
    expect(requests.map(({ ids }) => ids)).toEqual([['1'], ['2', '3']]);
    expect(requests[0]?.headers.get('content-type')).toBe('application/json');
    expect(requests[0]?.headers.has('x-couchtide-signature')).toBe(false);
  });

  test('signs the very bytes that arrive', async () => {
    const server = await startScriptedServer(answer('', 204));
    try {
      const alerts = webhook(server.url, { secret: 'of both', headers: { authorization: 'Bearer x' } });
      await alerts.send({ ...finding(1), id: 'ünï 😀' });
      expect(await alerts.close()).toEqual({ sent: 1, failed: 0 });
    } finally {
      await server.close();
    }
    const [request] = server.requests;
    const body = request?.body ?? '';
    expect(request?.method).toBe('POST');
    expect(JSON.parse(body)).toEqual({ findings: [{ ...finding(1), id: 'ünï 😀' }] });
    expect(request?.headers['x-couchtide-signature']).toBe(
      `sha256=${createHmac('sha256', 'of both').update(body).digest('hex')}`,
    );
    expect(request?.headers.authorization).toBe('Bearer x');
  });

  test('sends no more at once than one request takes', async () => {
    const { requests, open } = receiver(200);
    const alerts = open({ batchSize: 2 });
    for (const id of [1, 2, 3, 4, 5, 6]) await alerts.send(finding(id));
    await alerts.close();
    expect(requests.map(({ ids }) => ids.length)).toEqual([1, 2, 2, 1]);
  });

  test('sends again what failed for the moment, under the same name, with growing waits', async () => {
    const { clock, requests, open } = receiver(
      new TypeError('no route'),
      503,
      { status: 429, headers: { 'retry-after': '20' } },
      200,
    );
    const alerts = open();
    await alerts.send(finding(1));
    await clock.advance(60_000);
    expect(await alerts.close()).toEqual({ sent: 1, failed: 0 });
    expect(requests.map(({ at }) => at)).toEqual([0, 250, 750, 20_750]);
    expect(new Set(requests.map(({ headers }) => headers.get('x-couchtide-delivery')))).toEqual(new Set(['uuid-1']));
  });

  test('gives up at once what the receiver does not want, and tells of it without its url', async () => {
    const { requests, failures, open } = receiver(403, 200);
    const alerts = open();
    await alerts.send(finding(1));
    await alerts.send(finding(2));
    expect(await alerts.close()).toEqual({ sent: 1, failed: 1 });
    expect(requests).toHaveLength(2);
    expect(failures.map(({ findings, error }) => [findings, error.message])).toEqual([
      [1, 'The webhook at https://hooks.example answered with status 403'],
    ]);
  });

  test('tries once what comes after something that was given up, until that succeeds', async () => {
    const { clock, requests, open } = receiver(503, 503, 503, 503, 200, 503, 200);
    const alerts = open({ attempts: 3 });
    const counts: number[] = [];
    for (const id of [1, 2, 3, 4]) {
      await alerts.send(finding(id));
      await clock.advance(10_000);
      counts.push(requests.length);
    }
    expect(counts).toEqual([3, 4, 5, 7]);
    expect(await alerts.close()).toEqual({ sent: 2, failed: 2 });
  });

  test('does not follow a receiver to another place', async () => {
    const { failures, open } = receiver({ status: 307, headers: { location: 'https://elsewhere.example' } });
    const alerts = open();
    await alerts.send(finding(1));
    expect(await alerts.close()).toEqual({ sent: 0, failed: 1 });
    expect(failures[0]?.error.message).toContain('status 307');
  });

  test('waits for no answer longer than it may', async () => {
    const { clock, failures, open } = receiver('silence');
    const alerts = open({ attempts: 2, timeout: 3000 });
    await alerts.send(finding(1));
    await clock.advance(6250);
    expect(await alerts.close()).toEqual({ sent: 0, failed: 1 });
    expect(failures[0]?.error).toMatchObject({ name: 'NetworkError', failure: 'timeout' });
    expect(clock.sleeps).toEqual([]);
  });

  test('holds up the scan while there is no room, but not for a receiver that has gone away', async () => {
    const { clock, requests, failures, open } = receiver('silence');
    const alerts = open({ batchSize: 1, attempts: 1, timeout: 30_000, patience: 5000 });
    for (let id = 0; id < 11; id += 1) await alerts.send(finding(id));
    let isThrough = false;
    const late = alerts.send(finding(11)).then(() => {
      isThrough = true;
    });
    await clock.advance(4999);
    expect(isThrough).toBe(false);
    await clock.advance(1);
    await late;
    expect(failures.map(({ error }) => error.message)).toEqual(['The webhook is too slow for so many findings']);
    await clock.advance(25_000);
    expect(failures).toHaveLength(2);
    // It has gone away: there is room for one, and the next is given up without waiting.
    await alerts.send(finding(12));
    await alerts.send(finding(13));
    expect(failures).toHaveLength(3);
    const closed = alerts.close();
    await clock.advance(11 * 30_000);
    expect(await closed).toEqual({ sent: 0, failed: 14 });
    expect(requests).toHaveLength(12);
  });

  test('goes on when there is room again', async () => {
    const { clock, requests, open } = receiver(503, 200);
    const alerts = open({ batchSize: 1 });
    for (let id = 0; id < 11; id += 1) await alerts.send(finding(id));
    const late = alerts.send(finding(11));
    await clock.advance(250);
    await late;
    await clock.advance(1);
    expect(await alerts.close()).toEqual({ sent: 12, failed: 0 });
    expect(requests).toHaveLength(13);
    expect(clock.sleeps).toEqual([]);
  });

  test('takes nothing more when it is closed', async () => {
    const alerts = receiver(200).open();
    expect(await alerts.close()).toEqual({ sent: 0, failed: 0 });
    await expect(alerts.send(finding(1))).rejects.toMatchObject({ name: 'ClosedError' });
  });

  test('tells in the end what its listener throws', async () => {
    const { open } = receiver(400);
    const alerts = open({
      onFailure: () => {
        throw new Error('no log');
      },
    });
    await alerts.send(finding(1));
    await expect(alerts.close()).rejects.toThrow('no log');
  });

  test.each([
    ['ftp://hooks.example', {}, 'must begin with http:// or https://'],
    ['hooks', {}, 'must begin with http:// or https://'],
    ['https://user:word@hooks.example', {}, 'must not have credentials'],
    ['https://hooks.example', { secret: '' }, 'must not be empty'],
    ['https://hooks.example', { batchSize: 0 }, 'must be a whole number'],
  ])('cannot be made for %s with %j', (url, options, message) => {
    expect(() => webhook(url, options)).toThrow(
      expect.objectContaining({ name: 'InputError', message: expect.stringContaining(message) }),
    );
  });
});
