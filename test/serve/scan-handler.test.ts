import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import type { Platform } from '../../src/core/platform.ts';
import { couch } from '../../src/couch/couch.ts';
import type { ScanPlugin } from '../../src/scan/plugin.ts';
import { conflicts } from '../../src/scan/plugins/conflicts.ts';
import { type ScanHandlerOptions, scanHandler } from '../../src/serve/scan-handler.ts';
import { type WatchedEvent, type WatchScanOptions, watchScan } from '../../src/serve/watch-scan.ts';

const URL_OF_SCAN = 'http://127.0.0.1/scan';
const DOCUMENTS = 1000;

let server: CouchServer;
beforeAll(async () => {
  server = await startServer();
  server
    .createDatabase('recipes')
    .load(Array.from({ length: DOCUMENTS }, (_, n) => ({ _id: `d${n}`, _rev: '1-a', n })));
});
beforeEach(() => server.requests.reset());
afterAll(() => server.close());

/** Finds every tenth document. */
const tens: ScanPlugin = {
  name: 'tens',
  needs: { bodies: 'every' },
  start: () => ({ state: {} }),
  resume: () => ({ state: {} }),
  db: () => {},
  doc: (_, _db, { body }, { found }) => (Number(body['n']) % 10 === 0 ? found({ n: body['n'] }) : undefined),
};

function handler(more: Partial<ScanHandlerOptions> = {}): (request: Request) => Promise<Response> {
  return scanHandler({
    sources: { recipes: () => couch.db(`${server.url}/recipes`), server: couch(server.url) },
    plugins: [tens, conflicts()],
    authorize: (request) => request.headers.get('authorization') === 'Bearer let me in',
    secret: 'known to nobody else',
    budget: { documents: 100 },
    ...more,
  });
}

const headers = { authorization: 'Bearer let me in' };

/** A `fetch` that asks a handler. */
function asking(handle: (request: Request) => Promise<Response>): Platform['fetch'] {
  return (url, init) => handle(new Request(url, init));
}

async function watched(
  fetch: Platform['fetch'],
  more: WatchScanOptions = {},
  query = '?source=recipes',
): Promise<WatchedEvent[]> {
  const events: WatchedEvent[] = [];
  for await (const event of watchScan(`${URL_OF_SCAN}${query}`, { fetch, headers, ...more })) events.push(event);
  return events;
}

function foundIn(events: readonly WatchedEvent[]): unknown[] {
  return events.flatMap((event) => (event.type === 'finding' ? [event['n']] : []));
}

const every10 = Array.from({ length: DOCUMENTS / 10 }, (_, n) => n * 10);

describe('a scan that is served in slices', () => {
  test('finds everything exactly once', async () => {
    let slices = 0;
    const handle = handler();
    const events = await watched((url, init) => {
      slices += 1;
      return asking(handle)(url, init);
    });
    expect(foundIn(events).sort((a, b) => Number(a) - Number(b))).toEqual(every10);
    expect(slices).toBeGreaterThanOrEqual(DOCUMENTS / 100);
    expect(events.at(-1)).toMatchObject({ type: 'summary', complete: true, documents: DOCUMENTS, findings: 100 });
    expect(JSON.stringify(events)).not.toContain('token');
  });

  test.each([1, 7, 100])(
    'finds everything exactly once where every answer breaks off the first time, after %i pieces',
    async (pieces) => {
      const handle = handler();
      let isFirst = false;
      const events = await watched(
        async (url, init) => {
          const answer = await asking(handle)(url, init);
          isFirst = !isFirst;
          return isFirst ? new Response(cut(answer.body, pieces), answer) : answer;
        },
        { platform: { sleep: () => Promise.resolve() } },
      );
      expect(foundIn(events).sort((a, b) => Number(a) - Number(b))).toEqual(every10);
    },
  );

  test('goes on with another process that has the same secret', async () => {
    const events = await watched((url, init) => asking(handler())(url, init));
    expect(foundIn(events)).toHaveLength(100);
  });

  test('scans with the plugins that are named, or with patterns of the request', async () => {
    const handle = handler({ patterns: true });
    expect(foundIn(await watched(asking(handle), { plugins: ['conflicts'] }))).toEqual([]);
    const events = await watched(asking(handle), { find: { nine: '^d9$' } });
    expect(events.filter(({ type }) => type === 'finding')).toMatchObject([
      { plugin: 'find', id: 'd9', tag: 'nine', where: 'id' },
    ]);
  });

  test('stops when the client hangs up', async () => {
    const ended: unknown[] = [];
    let began: () => void = () => {};
    const beginning = new Promise<void>((resolve) => {
      began = resolve;
    });
    const endless: ScanPlugin = {
      ...tens,
      doc(_, _db, __, { signal }) {
        began();
        if (ended.length === 0) signal.addEventListener('abort', () => ended.push('aborted'), { once: true });
        return new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(new Error('over'))));
      },
    };
    const handle = handler({ plugins: [endless], concurrency: 1 });
    const answer = await handle(new Request(`${URL_OF_SCAN}?source=recipes`, { headers }));
    const reader = answer.body?.getReader();
    void reader?.read();
    await beginning;
    await reader?.cancel();
    expect(ended).toEqual(['aborted']);
    expect((await handle(new Request(`${URL_OF_SCAN}?source=recipes`, { headers }))).status).toBe(200);
  });

  test('refuses one too many, for the moment', async () => {
    const handle = handler({ concurrency: 1 });
    const first = await handle(new Request(`${URL_OF_SCAN}?source=recipes`, { headers }));
    const second = await handle(new Request(`${URL_OF_SCAN}?source=recipes`, { headers }));
    expect([second.status, second.headers.get('retry-after')]).toEqual([503, '5']);
    await first.body?.cancel();
    const sleeps: number[] = [];
    let tries = 0;
    const events = await watched(
      (url, init) => {
        tries += 1;
        return tries === 1 ? Promise.resolve(second.clone()) : asking(handle)(url, init);
      },
      { platform: { sleep: (ms) => Promise.resolve(void sleeps.push(ms)) } },
    );
    expect(sleeps[0]).toBeGreaterThanOrEqual(5000);
    expect(foundIn(events)).toHaveLength(100);
  });

  test('says that it broke off, and no more, when the source fails', async () => {
    const handle = handler({ sources: { recipes: couch.db(`${server.url}/gone`, { retry: { attempts: 1 } }) } });
    const answer = await handle(new Request(`${URL_OF_SCAN}?source=recipes`, { headers }));
    const text = await answer.text();
    expect(text).toBe('data: {"type":"error","message":"The scan broke off; go on from the last token"}\n\n');
  });

  test('gives up in the end', async () => {
    let tries = 0;
    const fetch = (): Promise<Response> => {
      tries += 1;
      return Promise.reject(new TypeError('fetch failed'));
    };
    await expect(watched(fetch, { attempts: 3, platform: { sleep: () => Promise.resolve() } })).rejects.toMatchObject({
      name: 'NetworkError',
      failure: 'unreachable',
    });
    expect(tries).toBe(3);
  });

  const post = (body: unknown, more: Record<string, string> = headers): RequestInit => ({
    method: 'POST',
    headers: more,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

  test.each<[string, string, RequestInit, number, RegExp]>([
    ['no authorisation', '?source=recipes', {}, 401, /authorisation/],
    ['no authorisation, and an unknown source', '?source=secrets', {}, 401, /authorisation/],
    ['an unknown source', '?source=secrets', { headers }, 404, /"secrets"/],
    ['a source that every object has', '?source=constructor', { headers }, 404, /"constructor"/],
    ['no source', '', { headers }, 400, /source=name/],
    ['an unknown plugin', '?source=recipes&plugins=worm', { headers }, 400, /"worm"/],
    ['another method', '?source=recipes', { method: 'DELETE', headers }, 405, /GET and POST/],
    ['a body that is none', '?source=recipes', post('{'), 400, /JSON object/],
    ['an unknown member', '?source=recipes', post({ url: 'http://elsewhere' }), 400, /"url"/],
    ['a body that is too large', '?source=recipes', post('x'.repeat(2_000_000)), 413, /bytes/],
    ['a token that is none', '?source=recipes', post({ token: 'x.y' }), 400, /token/],
    ['patterns that are not taken', '?source=recipes', post({ find: { a: 'b' } }), 400, /not taken/],
  ])('refuses %s', async (_, query, init, status, said) => {
    const answer = await handler()(new Request(`${URL_OF_SCAN}${query}`, init));
    expect(answer.status).toBe(status);
    expect(((await answer.json()) as { reason: string }).reason).toMatch(said);
    expect(server.requests.total).toBe(0);
  });

  test.each<[string, unknown, RegExp]>([
    ['a pattern that is none', { a: '(' }, /"a"/],
    ['a pattern that takes no linear time', { a: '(?=b)' }, /"a"/],
    ['too many', Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`t${n}`, 'x'])), /No more than 100/],
    ['one that is too long', { a: 'x'.repeat(1001) }, /1000 characters/],
    ['what are no texts', { a: 7 }, /must be texts/],
  ])('refuses patterns: %s', async (_, find, said) => {
    const answer = await handler({ patterns: true })(new Request(`${URL_OF_SCAN}?source=recipes`, post({ find })));
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { reason: string }).reason).toMatch(said);
  });

  test('refuses tokens that were forged, of another source, of another secret, or too old', async () => {
    let now = 1_000_000;
    const platform = { now: () => now };
    const handle = handler({ platform, tokenLifetime: 1000 });
    const answer = await handle(new Request(`${URL_OF_SCAN}?source=recipes`, { headers }));
    const token = String(/"token":"([^"]+)"/.exec(await answer.text())?.[1]);
    const status = async (text: string, query = '?source=recipes', by = handle): Promise<number> => {
      const { status: answered, body } = await by(new Request(`${URL_OF_SCAN}${query}`, post({ token: text })));
      await body?.cancel();
      return answered;
    };
    expect(await status(token)).toBe(200);
    const [payload = '', signature = ''] = token.split('.');
    expect(await status(`${payload.slice(0, -2)}AA.${signature}`)).toBe(400);
    expect(await status(`${payload}.${signature.replace(/./, (digit) => (digit === '0' ? '1' : '0'))}`)).toBe(400);
    expect(await status(token, '?source=server')).toBe(400);
    expect(await status(token, '?source=recipes', handler({ platform, secret: 'another' }))).toBe(400);
    now += 2000;
    expect(await status(token)).toBe(400);
  });

  test.each([
    [{ authorize: undefined as never }, /authorize/],
    [{ secret: '' }, /secret/],
  ])('is not made without what keeps strangers out: %j', (more, said) => {
    expect(() => handler(more)).toThrow(said);
  });
});

/** A body that breaks off after so many pieces. */
function cut(body: ReadableStream<Uint8Array> | null, pieces: number): ReadableStream<Uint8Array> {
  const reader = body?.getReader();
  let left = pieces;
  return new ReadableStream({
    async pull(controller) {
      left -= 1;
      const step = left < 0 ? undefined : await reader?.read();
      if (step?.value !== undefined) controller.enqueue(step.value);
      else if (left < 0) {
        await reader?.cancel();
        controller.error(new TypeError('terminated'));
      } else controller.close();
    },
  });
}
