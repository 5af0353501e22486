import { describe, expect, test } from 'vitest';
import { createRegistry } from '../../../src/registry/create-registry.ts';
import { defineData } from '../../../src/registry/data/data-key.ts';
import { type FromUrlOptions, fromUrl } from '../../../src/registry/sources/from-url.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

const rules = defineData<string, number>('rules');
const URL_OF_RULES = 'https://host/rules.json?token=secret';

/** A registry with one source, whose requests are answered by a function. */
function setUp(
  answer: (init: RequestInit, url: string) => Response | Promise<Response>,
  options: FromUrlOptions<string, number> = {},
) {
  const clock = virtualClock();
  const requests: [url: string, headers: Record<string, string>][] = [];
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    requests.push([url, headersOf(init)]);
    return answer(init, url);
  };
  const registry = createRegistry(clock);
  const own = registry.contribute(
    rules,
    fromUrl(URL_OF_RULES, { ...options, platform: { ...clock.platform, fetch } }),
    {
      source: 's',
    },
  );
  return { clock, registry, own, requests };
}

function headersOf({ headers }: RequestInit): Record<string, string> {
  const found: Record<string, string> = {};
  new Headers(headers ?? {}).forEach((value, name) => {
    found[name] = value;
  });
  return found;
}

describe('fromUrl', () => {
  test('asks again and again, and is not sent what it knows', async () => {
    let tag = '"1"';
    const { clock, registry, requests } = setUp(
      ({ headers }) => {
        if (new Headers(headers).get('if-none-match') === tag) return new Response(null, { status: 304 });
        return Response.json({ a: Number(tag.slice(1, -1)) }, { headers: { etag: tag } });
      },
      { every: 1000, headers: { authorization: 'Bearer x' } },
    );
    const following = registry.data$(rules).subscribe();
    await clock.advance(1500);
    expect(registry.view(rules)).toMatchObject({ version: 1, stale: [] });
    tag = '"2"';
    await clock.advance(1000);
    expect(registry.view(rules).value('s', 'a')).toBe(2);
    const headers = { accept: 'application/json', authorization: 'Bearer x' };
    expect(requests).toEqual([
      [URL_OF_RULES, headers],
      [URL_OF_RULES, { ...headers, 'if-none-match': '"1"' }],
      [URL_OF_RULES, { ...headers, 'if-none-match': '"1"' }],
    ]);
    following.unsubscribe();
    await clock.advance(5000);
    expect(requests).toHaveLength(3);
    expect(clock.sleeps).toEqual([]);
  });

  test('understands what it is told to, once without a time', async () => {
    const { own, registry, clock } = setUp(() => new Response('a=1;b=2'), {
      parse: (text) => text.split(';').map((pair) => [pair.slice(0, 1), Number(pair.slice(2))] as const),
    });
    await own.reload();
    expect(registry.view(rules).bySource('s')).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
    expect(clock.sleeps).toEqual([]);
  });

  test.each([
    ['says no', () => new Response('no', { status: 404 }), /^https:\/\/host\/rules.json answered 404$/],
    ['says it knows something', () => new Response(null, { status: 304 }), /answered 304$/],
    ['cannot be reached', () => Promise.reject(new TypeError('fetch failed')), /rules.json cannot be reached$/],
    ['says too much', () => new Response('"too long"'), /more than 7 bytes; option maxBytes allows more$/],
    ['says what is no JSON', () => new Response('<html>'), /^It is not JSON: /],
    ['says what are no entries', () => Response.json(1), /^It must be a JSON object of entries/],
  ])('fails when the server %s, and keeps what it knew', async (_, answer, message) => {
    let isGood = true;
    const { registry, own } = setUp(() => (isGood ? Response.json({ a: 1 }) : answer()), { maxBytes: 7 });
    await own.reload();
    isGood = false;
    await expect(own.reload()).rejects.toThrow(message);
    expect(registry.view(rules)).toMatchObject({ version: 1, stale: ['s'] });
    expect(registry.view(rules).value('s', 'a')).toBe(1);
  });

  test('gives up on an answer that does not come, or does not end', async () => {
    for (const body of [undefined, new ReadableStream({ pull: () => new Promise(() => {}) })]) {
      const { clock, own } = setUp(
        ({ signal }) =>
          new Promise((resolve, reject) => {
            signal?.addEventListener('abort', () => reject(signal.reason));
            if (body !== undefined) resolve(new Response(abortable(body, signal ?? undefined)));
          }),
        { timeout: 500 },
      );
      const outcome = own.reload().catch((error: unknown) => error);
      await clock.sleeping(500);
      await clock.advance(500);
      expect(await outcome).toMatchObject({
        name: 'NetworkError',
        failure: 'timeout',
        message: expect.stringMatching(/ 500 ms$/),
      });
      expect(clock.sleeps).toEqual([]);
    }
  });

  test('ends the request when nobody listens any more', async () => {
    let ended = false;
    const { clock, registry } = setUp(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => {
            ended = true;
            reject(signal.reason);
          });
        }),
    );
    const following = registry.data$(rules).subscribe();
    await clock.advance(0);
    following.unsubscribe();
    await clock.advance(0);
    expect([ended, clock.sleeps]).toEqual([true, []]);
  });

  test('refuses what is no url, and credentials that no fetch would take', () => {
    expect(() => fromUrl('rules.json')).toThrow('Not a url');
    expect(() => fromUrl('https://me:secret@host/rules.json')).toThrow(
      /^The url https:\/\/host\/rules.json must not have credentials in it: give them as option headers$/,
    );
  });
});

/** A body that breaks off when its request is ended, as that of a real one does. */
function abortable(body: ReadableStream, signal: AbortSignal | undefined): ReadableStream {
  const { readable, writable } = new TransformStream();
  body.pipeTo(writable, signal === undefined ? {} : { signal }).catch(() => {});
  return readable;
}
