import process from 'node:process';
import { describe, test } from 'vitest';
import { type CouchServer, shuffled, startServer } from '../../demo/server/index.ts';
import { Chance } from './chance.ts';
import { pullThroughChaos } from './chaotic-pull.ts';
import { seeds } from './scale.ts';

/** A CouchDB on which some of the runs take place, too, by its url with the credentials of an administrator. */
const couchdb = process.env['COUCHDB_URL'];

describe('A pull through chaos comes to what the source holds', () => {
  test.concurrent.for(seeds(1000))('SEED=%i ROUNDS=1 npm run soak -- chaos', async (seed, { onTestFinished }) => {
    const server = await startAnyServer(new Chance(-seed));
    onTestFinished(() => server.close());
    const url = server.url.replace('//', '//admin:password@');
    await pullThroughChaos(seed, { url, quiet: 4 }, onTestFinished);
  });
});

if (couchdb !== undefined) {
  describe('A pull from CouchDB through chaos comes to what the source holds', () => {
    // Time leaps more seldom where a server is given longer to answer.
    const options = { timeout: 600_000, concurrent: true };
    test.for(seeds(100))('SEED=%i ROUNDS=1 npm run soak -- chaos', options, async (seed, { onTestFinished }) => {
      await pullThroughChaos(seed, { url: couchdb, quiet: 50 }, onTestFinished);
    });
  });
}

/** A server of any number of shards, which feeds read in any order and in pieces of any size. */
function startAnyServer(chance: Chance): Promise<CouchServer> {
  return startServer({
    admins: { admin: 'password' },
    q: chance.between(1, 4),
    interleave: shuffled(() => chance.next()),
    config: { chunkSize: chance.oneOf([100, 1490, 16_384]) },
  });
}
