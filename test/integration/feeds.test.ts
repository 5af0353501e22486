import { afterEach, describe, expect, test } from 'vitest';
import type { LiveChangesOptions } from '../../src/couch/changes.ts';
import type { LiveFeed } from '../../src/couch/feed/timing.ts';
import { type FeedReader, readFeed } from '../support/feed-reader.ts';
import { prepareGround } from './ground.ts';
import { integrationServers } from './servers.ts';

describe.each(integrationServers)('On %s', (_name, open, { isCouchDb }) => {
  const ground = prepareGround(open);
  let reader: FeedReader;

  afterEach(() => reader.leave());

  /** What a server is not made for is no test that could be left out. */
  const whatCouchDbDoes = isCouchDb ? test : () => {};
  const whatOthersDo = isCouchDb ? () => {} : test;

  const feeds: LiveFeed[] = [
    'live',
    'continuous',
    'longpoll',
    'polling',
    ...(isCouchDb ? ['eventsource' as const] : []),
  ];
  describe.each(feeds)('a %s feed', (feed) => {
    const begin = (options: Partial<LiveChangesOptions> = {}): void => {
      reader = readFeed(ground.source.url, { feed, interval: 20, ...options });
    };

    test('tells what there is, then what comes, and when it is idle', async () => {
      await ground.source.put({ _id: 'a' });
      const rev = await ground.source.put({ _id: 'b' });
      begin();
      const [one, other, idle] = await reader.untilIdle();
      expect([[one, other].sort(), idle]).toEqual([['a 1', 'b 1'], 'idle']);
      await ground.source.put({ _id: 'b', _rev: rev });
      expect(await reader.untilIdle()).toEqual(['b 2', 'idle']);
      await ground.source.put({ _id: 'ü/ö +1' });
      expect(await reader.untilIdle()).toEqual(['ü/ö +1 1', 'idle']);
    });

    test('of an empty database is idle, and tells its first document', async () => {
      begin({ includeDocs: true });
      expect(await reader.untilIdle()).toEqual(['idle']);
      await ground.source.put({ _id: 'first' });
      expect(await reader.untilIdle()).toEqual(['first 1', 'idle']);
    });

    test('from now on leaves out what was there before', async () => {
      await ground.source.put({ _id: 'before' });
      begin({ since: 'now' });
      expect(await reader.untilIdle()).toEqual(['idle']);
      await ground.source.put({ _id: 'after' });
      expect(await reader.untilIdle()).toEqual(['after 1', 'idle']);
    });

    test('of some documents tells no others', async () => {
      await ground.source.put({ _id: 'mine' });
      await ground.source.put({ _id: 'other' });
      begin({ docIds: ['mine', 'later'] });
      expect(await reader.untilIdle()).toEqual(['mine 1', 'idle']);
      await ground.source.put({ _id: 'another' });
      await ground.source.put({ _id: 'later' });
      // Some feeds say in between that they have passed over the other.
      let told = await reader.untilIdle();
      while (told.length === 1) told = await reader.untilIdle();
      expect(told).toEqual(['later 1', 'idle']);
    });

    test('ends after so many rows', async () => {
      await ground.source.put({ _id: 'a' });
      begin({ limit: 2 });
      expect(await reader.untilIdle()).toEqual(['a 1', 'idle']);
      await ground.source.put({ _id: 'b' });
      expect(await reader.untilIdle()).toEqual(['b 1', 'end']);
    });

    // Other servers leave a feed open that waits for the changes of a database that is gone.
    whatCouchDbDoes('ends with the error of its database when that is deleted', async () => {
      await ground.source.put({ _id: 'a' });
      begin();
      await reader.untilIdle();
      await ground.source.destroy();
      await expect(reader.untilIdle()).rejects.toMatchObject({ name: 'CouchError', status: 404 });
    });
  });

  test.each(isCouchDb ? (['continuous', 'longpoll'] as const) : [])(
    'a %s feed that is read once has an end',
    async (feed) => {
      await ground.source.put({ _id: 'a' });
      reader = readFeed(ground.source.url, { feed, once: true, timeout: 1 });
      expect(await reader.untilIdle()).toEqual(['a 1', 'end']);
    },
  );

  whatOthersDo('an event source is said to be lacking', async () => {
    reader = readFeed(ground.source.url, { feed: 'eventsource' });
    expect(await reader.untilIdle()).toEqual(['idle']);
    await expect(reader.untilIdle()).rejects.toMatchObject({ name: 'ProtocolError', retryable: false });
  });
});
