import { describe, expect, onTestFinished, test } from 'vitest';
import { type CouchServer, startServer } from '../../demo/server/index.ts';
import { answer, startScriptedServer } from '../support/scripted-server.ts';
import { run } from './command.ts';

const testEndToEnd = (...args: string[]) => run('node', ['test/e2e.ts', ...args], { quiet: true });

async function start(): Promise<CouchServer & { readonly asAdmin: string }> {
  const server = await startServer({ admins: { admin: 'secret' } });
  onTestFinished(() => server.close());
  return Object.assign(server, { asAdmin: server.url.replace('//', '//admin:secret@') });
}

const lastLineOf = (text: string): string | undefined => text.trimEnd().split('\n').at(-1);

describe('npm run test:e2e', () => {
  test.each([
    ['without a server', []],
    ['with something that is no url', ['127.0.0.1']],
    ['with a url that holds more than an address', ['http://admin:secret@127.0.0.1:5984/?q=1']],
    ['with an option that there is not', ['http://127.0.0.1:5984', '--fast']],
  ])('says how it is used, %s', async (_how, args) => {
    const { exitCode, stdout, stderr } = await testEndToEnd(...args);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain('npm run test:e2e -- <url>...');
    expect(stderr).not.toContain('secret');
  });

  test('runs the suite on a server, and on no other', async () => {
    const { url, asAdmin } = await start();
    const { exitCode, stdout } = await testEndToEnd(asAdmin, '--only', 'of an empty database is done at once');
    const title = `CouchDB 3.4.3 (The Apache Software Foundation) at ${url}`;
    expect(stdout).toContain(`\n== ${title}\n`);
    expect(stdout).toContain(`\n${title}: 1 passed, 0 failed`);
    expect(lastLineOf(stdout)).toMatch(/^1 passed, 0 failed/);
    expect(stdout).not.toContain('secret');
    expect(exitCode).toBe(0);
  });

  test('fails when one of the servers does, and says in a sentence why one could not be tried', async () => {
    const [gone, closed, broken] = [await start(), await start(), await start()];
    await gone.close();
    broken.faults.add({ path: /_changes/, answer: { status: 400, body: '{"error":"broken","reason":"on purpose"}' } });
    const website = await startScriptedServer(answer('<html>Welcome</html>'));
    onTestFinished(() => website.close());
    const urls = [gone.asAdmin, website.url, closed.url, broken.asAdmin];
    const { exitCode, stdout, stderr } = await testEndToEnd(...urls, '--only', 'of an empty database is done at once');
    expect(stderr).toContain(`\nNobody answers at ${gone.url} (`);
    expect(stderr).toContain(`\n${website.url} answers, but not as a CouchDB does (status 200)`);
    expect(stderr).toContain(
      `\n${closed.url} lets us make no database; give the name and password of an administrator`,
    );
    expect(lastLineOf(stdout)).toMatch(/^0 passed, 4 failed/);
    expect(exitCode).toBe(1);
  });
});
