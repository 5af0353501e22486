import { once } from 'node:events';
import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { answer, type ScriptedServer, startScriptedServer } from '../support/scripted-server.ts';
import { Chance } from './chance.ts';
import { startChaosProxy } from './chaos-proxy.ts';
import { type Fate, GARBAGE } from './fate.ts';
import { passOn } from './pass-on.ts';

const BODY = JSON.stringify({ text: 'größer '.repeat(40) });
const BYTES = Buffer.from(BODY);

let upstream: ScriptedServer;

beforeEach(async () => {
  upstream = await startScriptedServer(answer(BODY, 200, { 'content-length': `${BYTES.length}` }));
});
afterEach(() => upstream.close());

describe('A request', () => {
  /** What somebody gets who asks for the body; how often the proxy has said that nothing is to be expected. */
  async function ask(fate: Fate, signal?: AbortSignal) {
    const waits: string[] = [];
    const agent = new Agent();
    const server = createServer((request, response) => {
      passOn(request, response, {
        fate,
        chance: new Chance(1),
        upstream: new URL(upstream.url),
        agent,
        isPiecemeal: true,
        told: new Map(),
        onMove: () => {},
        onWait: () => waits.push('wait'),
      }).catch(() => response.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      agent.destroy();
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/db`;
    return { response: fetch(url, signal === undefined ? {} : { signal }), waits };
  }

  async function beginning({ body }: Response, length: number): Promise<string> {
    const pieces: Uint8Array[] = [];
    const reader = body?.getReader();
    while (Buffer.concat(pieces).length < length) {
      const next = await reader?.read();
      if (next?.value === undefined) break;
      pieces.push(next.value);
    }
    return Buffer.concat(pieces).toString();
  }

  test('passes, and its answer comes whole', async () => {
    const { response } = await ask({ type: 'pass' });
    expect(await (await response).text()).toBe(BODY);
  });

  test('is torn before the answer', async () => {
    for (const head of ['', 'HTTP/1.1 200 O']) {
      const { response } = await ask({ type: 'reset', head });
      await expect(response).rejects.toThrow();
    }
    expect(upstream.requests).toEqual([]);
  });

  test('gets another answer', async () => {
    const fate: Fate = { type: 'answer', status: 429, headers: { 'retry-after': '7' }, body: 'later' };
    const response = await (await ask(fate)).response;
    expect([response.status, response.headers.get('retry-after'), await response.text()]).toEqual([429, '7', 'later']);
    expect(upstream.requests).toEqual([]);
  });

  test('gets an answer that is torn in its middle, or at its end', async () => {
    for (const at of [0, 15, BYTES.length - 1]) {
      const response = await (await ask({ type: 'cut', at })).response;
      await expect(response.text()).rejects.toThrow();
    }
  });

  test('gets a shorter answer of the right length', async () => {
    for (const at of [0, 15, BYTES.length + 1]) {
      const response = await (await ask({ type: 'truncate', at })).response;
      const expected = BYTES.subarray(0, at);
      expect(response.headers.get('content-length')).toBe(`${expected.length}`);
      expect(Buffer.from(await response.arrayBuffer())).toEqual(expected);
    }
  });

  test('gets an answer with a page in its middle', async () => {
    const response = await (await ask({ type: 'garble', at: 9 })).response;
    expect(await response.text()).toBe(`${BODY.slice(0, 9)}${GARBAGE}${BODY.slice(9)}`);
  });

  test('gets the beginning of an answer, and then nothing', async () => {
    const leaving = new AbortController();
    const { response, waits } = await ask({ type: 'stall', at: 9 }, leaving.signal);
    expect(await beginning(await response, 9)).toBe(BODY.slice(0, 9));
    await expect.poll(() => waits).toEqual(['wait']);
    leaving.abort();
  });

  test('gets nothing at all', async () => {
    const leaving = new AbortController();
    const { response, waits } = await ask({ type: 'stall', at: 0 }, leaving.signal);
    await expect.poll(() => waits).toEqual(['wait']);
    leaving.abort();
    await expect(response).rejects.toThrow();
    expect(upstream.requests).toEqual([]);
  });
});

describe('A proxy', () => {
  const options = { rate: 0.7, most: 1000, sessionsEnd: false, now: () => 0, remembers: true, lacksBulkGet: false };

  /** What becomes of requests, by their paths. */
  async function fates(seed: number, paths: readonly string[], most = 1000): Promise<string[]> {
    const proxy = await startChaosProxy(upstream.url, { ...options, seed, most });
    for (const path of paths) {
      const leaving = new AbortController();
      const arrived = proxy.more(1);
      const read = fetch(proxy.url + path, { signal: leaving.signal }).then((response) => response.text());
      // What was torn, or is left as nothing more comes.
      const over = read.catch(() => '');
      await arrived;
      if (proxy.story.at(-1)?.includes('"stall"') === true) leaving.abort();
      await over;
    }
    await proxy.close();
    return proxy.story.filter((line) => line.startsWith('GET'));
  }

  test('does the same to requests of a kind for the same seed, however the kinds mix', async () => {
    const info = Array.from({ length: 8 }, () => '/db');
    const documents = Array.from({ length: 8 }, () => '/db/doc?open_revs=all');
    const mixed = info.flatMap((path, index) => [path, documents[index] ?? '']);
    const alone = [...(await fates(3, info)), ...(await fates(3, documents))];
    expect((await fates(3, mixed)).sort()).toEqual(alone.sort());
    expect(await fates(4, info)).not.toEqual(await fates(3, info));
  });

  test('spoils no more than it may', async () => {
    const story = await fates(
      5,
      Array.from({ length: 20 }, () => '/db'),
      4,
    );
    expect(story.filter((line) => !line.includes('"pass"'))).toHaveLength(4);
    expect(story.slice(-5).every((line) => line.includes('"pass"'))).toBe(true);
  });
});
