import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CouchServer } from '../../../demo/server/index.ts';
import { indexSizes } from '../../../src/scan/plugins/index-sizes.ts';
import { startFixture } from '../fixture.ts';
import { scanAll } from './scan-all.ts';

let server: CouchServer;
beforeAll(async () => {
  server = await startFixture();
});
afterAll(() => server.close());

test('indexSizes tells the sizes of the views of each design document, as the server does', async () => {
  const { findings, summary } = await scanAll(server, [indexSizes()]);
  const size = expect.any(Number);
  const sizes = { file: size, active: size, external: size };
  expect(findings).toMatchObject([
    { plugin: 'index_sizes', db: 'dbname1', id: '_design/doc2', sizes },
    { plugin: 'index_sizes', db: 'dbname2', id: '_design/doc4', sizes },
  ]);
  expect(summary).toMatchObject({ complete: true, documents: 0 });
});
