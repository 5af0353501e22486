import { readFile } from 'node:fs/promises';
import { build } from 'esbuild';
import { admit } from '../../demo/notes/notebook.ts';
import { serveSite } from '../../demo/notes/site.ts';
import { isForBrowsers, markdownExamples } from '../house/examples.ts';
import { startSampleServer } from '../support/sample-server.ts';
import type { BrowserSuite } from './bed.ts';
import { LIMIT } from './tab.ts';

/** The server that the README talks to. In a test it stands for the one of the demo, wherever that listens. */
const ORIGIN = 'http://127.0.0.1:5984';

/** The README's programs for browsers, as they stand: a page, and its worker. */
export const readme: BrowserSuite = ({ browser }) => [
  {
    name: "The README's page pulls in its worker, and shows what is there",
    async run() {
      const server = await startSampleServer();
      const [main = '', worker = ''] = await programs(server.url);
      const html = '<!doctype html><title>README</title><script type="module" src="./page.js"></script>';
      const texts = { '': html, 'page.js': main, 'pull-worker.js': worker };
      const site = await serveSite(new Map(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)])));
      admit(server, site.url);
      const context = await browser.newContext();
      try {
        const page = await context.newPage();
        const hears = (said: RegExp): Promise<unknown> =>
          page.waitForEvent('console', { predicate: (message) => said.test(message.text()), timeout: LIMIT });
        await Promise.all([hears(/^live$/), hears(/^Pancakes /), page.goto(site.url)]);
      } finally {
        await context.close();
        await Promise.all([site.close(), server.close()]);
      }
    },
  },
];

/** As a reader's bundler makes them. */
async function programs(server: string): Promise<string[]> {
  const examples = markdownExamples('README.md', await readFile('README.md', 'utf8')).filter(isForBrowsers);
  return Promise.all(
    examples.map(async ({ code }) => {
      const { outputFiles } = await build({
        stdin: { contents: code.replaceAll(ORIGIN, server), resolveDir: 'demo/notes', loader: 'ts' },
        tsconfig: 'demo/notes/tsconfig.json',
        bundle: true,
        format: 'esm',
        target: 'es2022',
        write: false,
        logLevel: 'error',
      });
      return outputFiles.map(({ text }) => text).join('');
    }),
  );
}
