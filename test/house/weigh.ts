import { join } from 'node:path';
import filePlugin from '@size-limit/file';
import { build, type Metafile } from 'esbuild';
import sizeLimit from 'size-limit';

/** A page's program as a bundler makes it: with everything that it imports, minified, what is loaded later in files of its own. */
export interface BundledPage {
  /** Where its program is. */
  readonly entry: string;
  /** What it begins with: the program, and what that imports at once. */
  readonly first: readonly string[];
  /** All that it may load. */
  readonly all: readonly string[];
}

/**
 * Bundles a page from the built package, with a bundler's own defaults.
 *
 * @param text the page's program
 * @param directory where its files go
 */
export async function bundlePage(text: string, directory: string): Promise<BundledPage> {
  const { metafile } = await build({
    stdin: { contents: text, resolveDir: process.cwd(), sourcefile: 'page.js' },
    outdir: directory,
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    outExtension: { '.js': '.mjs' },
    metafile: true,
    logLevel: 'error',
  });
  const entry = Object.keys(metafile.outputs).find((path) => metafile.outputs[path]?.entryPoint === 'page.js');
  if (entry === undefined) throw new Error('The page came to nothing');
  const absolute = (paths: Iterable<string>): string[] => [...paths].map((path) => join(process.cwd(), path));
  return {
    entry: join(process.cwd(), entry),
    first: absolute(imported(metafile, entry, ['import-statement'])),
    // A bundler also makes files of what nothing of the page's loads.
    all: absolute(imported(metafile, entry, ['import-statement', 'dynamic-import'])),
  };
}

/** A file, and all that it imports in some ways. */
function imported(
  { outputs }: Pick<Metafile, 'outputs'>,
  path: string,
  kinds: readonly string[],
  found = new Set<string>(),
): ReadonlySet<string> {
  if (found.has(path)) return found;
  found.add(path);
  for (const { kind, path: next } of outputs[path]?.imports ?? []) {
    if (kinds.includes(kind)) imported({ outputs }, next, kinds, found);
  }
  return found;
}

/** What files weigh on the wire: their bytes, each compressed by gzip. */
export async function weigh(files: readonly string[]): Promise<number> {
  const checks = { checks: [{ files: [...files], gzip: true }] };
  const [result] = (await sizeLimit([filePlugin], checks)) as readonly { readonly size?: number }[];
  if (result?.size === undefined) throw new Error('Nothing was weighed');
  return result.size;
}
