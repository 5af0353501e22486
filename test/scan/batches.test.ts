import { filter, firstValueFrom } from 'rxjs';
import { expect, onTestFinished, test } from 'vitest';
import { startServer } from '../../demo/server/index.ts';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import type { ScanPlugin } from '../../src/scan/plugin.ts';
import { scan } from '../../src/scan/scan.ts';
import { createScanner } from '../../src/scan/scanner/scanner.ts';
import { smallDocuments } from '../support/documents.ts';

test.each([
  { sizes: Array.from({ length: 20 }, () => 30), batches: [90, 90, 90, 90, 90, 90, 60] },
  { sizes: [90, 100, 10, 250, 60], batches: [90, 100, 10, 100, 100, 50, 60] },
])('what is shown between two commits fits into a batch: databases of $sizes documents', async ({ sizes, batches }) => {
  const server = await startServer();
  onTestFinished(() => server.close());
  for (const [index, size] of sizes.entries()) {
    server.createDatabase(`db-${index.toString().padStart(2, '0')}`).load(smallDocuments(size));
  }
  const shown = [0];
  const plugin: ScanPlugin = {
    name: 'counting',
    start: () => ({ state: undefined }),
    resume: () => ({ state: undefined }),
    db: () => {},
    docId: () => {
      shown.push((shown.pop() ?? 0) + 1);
    },
    checkpoint: () => void shown.push(0),
  };
  // No time passes, so that nothing is kept for being old.
  const options = { store: memoryKv(), batchSize: 100, platform: { elapsed: () => 0 } };
  for await (const _ of scan(couch(server.url), [plugin], options).batches());
  expect(shown.filter((count) => count > 0)).toEqual(batches);
});

test('what is shown of a database that is split fits into a batch too, in whatever pieces it comes', async () => {
  const server = await startServer();
  onTestFinished(() => server.close());
  let total = 0;
  server
    .createDatabase('large')
    .load(smallDocuments(900).map((document, n) => ({ ...document, text: 'x'.repeat((n * 739) % 5000) })));
  const shown = [0];
  const plugin: ScanPlugin = {
    name: 'counting',
    needs: { bodies: 'every' },
    start: () => ({ state: undefined }),
    resume: () => ({ state: undefined }),
    db: () => {},
    doc: () => {
      total += 1;
      shown.push((shown.pop() ?? 0) + 1);
    },
    checkpoint: () => void shown.push(0),
    merge: () => ({}),
  };
  const scanner = createScanner({
    kv: memoryKv(),
    server: couch(server.url),
    plugins: [plugin],
    limits: { db: Infinity, feed: Infinity, doc: Infinity, write: Infinity },
    partSize: 300,
    batchSize: 100,
    concurrency: 1,
    // Once, in the middle of a page, what was shown is kept for being old.
    platform: { elapsed: () => (total > 130 ? 5000 : 0) },
  });
  onTestFinished(() => scanner.close());
  await scanner.enable('counting');
  await firstValueFrom(scanner.status$.pipe(filter(({ plugins: { counting } }) => counting?.state === 'finished')));
  expect(total).toBe(900);
  expect(shown.filter((count) => count > 0).length).toBeGreaterThan(9);
  expect(Math.max(...shown)).toBe(100);
});
