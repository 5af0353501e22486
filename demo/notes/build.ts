import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';

/** The files of a site by their names, as they go out. */
export type SiteFiles = ReadonlyMap<string, Uint8Array>;

const HERE = fileURLToPath(new URL('.', import.meta.url));
const options = {
  absWorkingDir: HERE,
  // Nothing is written there.
  outdir: 'site',
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  logLevel: 'error',
} satisfies BuildOptions;

/**
 * Builds the site: the page with its workers, and the service worker that keeps all of it.
 *
 * @param source the address of the database that the page pulls
 */
export async function buildSite(source: string): Promise<SiteFiles> {
  const files = new Map<string, Uint8Array>([
    ...(await bundled({ entryPoints: ['page/main.ts', 'page/style.css', 'pull-worker.ts'], splitting: true })),
    ['icon.svg', await readFile(resolve(HERE, 'page/icon.svg'))],
    ['', await pageFor(source)],
  ]);
  const shell = { version: versionOf(files), files: [...files.keys()].map((name) => `./${name}`) };
  const define = { SHELL: JSON.stringify(shell) };
  return new Map([...files, ...(await bundled({ entryPoints: ['service-worker.ts'], format: 'iife', define }))]);
}

async function bundled(what: BuildOptions): Promise<[name: string, content: Uint8Array][]> {
  const { outputFiles } = await build({ ...options, ...what, entryNames: '[name]', write: false });
  return outputFiles.map(({ path, contents }) => [relative(resolve(HERE, options.outdir), path), contents]);
}

async function pageFor(source: string): Promise<Uint8Array> {
  const page = await readFile(resolve(HERE, 'page/index.html'), 'utf8');
  const { href, origin } = new URL(source);
  return new TextEncoder().encode(page.replace('{{source}}', () => href).replace('{{origin}}', origin));
}

/** Another one for other files. */
function versionOf(files: SiteFiles): string {
  const hash = createHash('sha256');
  for (const [name, content] of files) hash.update(`${name}\0${content.length}\0`).update(content);
  return hash.digest('hex').slice(0, 16);
}
