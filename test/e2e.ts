/**
 * `npm run test:e2e -- <url>... [--only <pattern>]`: the integration suite on each server named, with the tally of all as
 * the last line. Exit code 0 when all went well, 1 when something failed, 2 when it cannot be begun.
 *
 * @module
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { parseAddress } from '../src/couch/request/address.ts';
import { run } from './run/command.ts';
import { identify, titleOf } from './run/server-identity.ts';
import { formatTally, sum, type Tally, tallyOfVitest } from './run/tally.ts';
import { createDatabase } from './support/source-database.ts';

const USAGE = `npm run test:e2e -- <url>... [--only <pattern>]

Tries everything that a pull does on each CouchDB named, such as http://admin:password@127.0.0.1:5984. The name and the
password are those of an administrator; COUCHTIDE_USER and COUCHTIDE_PASSWORD stand in for those that a url lacks.
Databases are made, whose names begin with couchtide-test-, and deleted again.

  --only <pattern>   only tests whose names match a regular expression`;

/** What became of one server. */
interface Outcome {
  readonly line: string;
  readonly tally: Tally;
}

process.exitCode = await main(process.argv.slice(2), process.env);

async function main(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  let urls: string[];
  let only: string | undefined;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { only: { type: 'string' } },
      allowPositionals: true,
    });
    if (positionals.length === 0) throw new Error('No server is named');
    urls = positionals.map((url) => withCredentials(url, environment));
    only = values.only;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  const outcomes: Outcome[] = [];
  for (const url of urls) outcomes.push(await tryServer(url, only));
  console.log(`\n${outcomes.map(({ line, tally }) => `${line}: ${formatTally(tally)}`).join('\n')}`);
  const total = sum(outcomes.map(({ tally }) => tally));
  console.log(formatTally(total));
  return total.failed === 0 ? 0 : 1;
}

/** @throws InputError for what is no url of a server */
function withCredentials(text: string, { COUCHTIDE_USER, COUCHTIDE_PASSWORD }: NodeJS.ProcessEnv): string {
  const { credentials } = parseAddress(text);
  const url = new URL(text);
  if (credentials === undefined && COUCHTIDE_USER !== undefined) {
    url.username = encodeURIComponent(COUCHTIDE_USER);
    url.password = encodeURIComponent(COUCHTIDE_PASSWORD ?? '');
  }
  return url.href;
}

async function tryServer(url: string, only: string | undefined): Promise<Outcome> {
  const shown = parseAddress(url).url;
  try {
    const title = `${titleOf(await identify(url))} at ${shown}`;
    await expectAdministrator(url, shown);
    console.log(`\n== ${title}`);
    return { line: title, tally: await runSuite(url, only) };
  } catch (error) {
    const line = error instanceof Error ? error.message : String(error);
    console.error(`\n== ${shown}\n${line}`);
    return { line, tally: { passed: 0, failed: 1, skipped: 0 } };
  }
}

/** @throws Error with one sentence, instead of every test with its own */
async function expectAdministrator(url: string, shown: string): Promise<void> {
  try {
    const database = await createDatabase(url);
    await database.destroy();
  } catch {
    throw new Error(`${shown} lets us make no database; give the name and password of an administrator`);
  }
}

async function runSuite(url: string, only: string | undefined): Promise<Tally> {
  const directory = await mkdtemp(join(tmpdir(), 'couchtide-e2e-'));
  try {
    const report = join(directory, 'report.json');
    const config = ['--config', 'test/vitest.config.ts', '--project', 'units'];
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const pattern = only === undefined ? [] : ['--testNamePattern', only];
    process.env['COUCHDB_URL'] = url;
    process.env['E2E'] = '1';
    const { exitCode } = await run('vitest', ['run', ...config, ...reporters, ...pattern, 'test/integration/']);
    return tallyOfVitest(await readFile(report, 'utf8').catch(() => undefined), exitCode);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
