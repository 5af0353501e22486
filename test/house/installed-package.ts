import { cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Outcome, run } from '../run/command.ts';

/** What a user has after `npm install couchtide` in an empty project. */
export interface InstalledPackage {
  /** The project. */
  readonly directory: string;
  readonly tarball: string;
  /** The paths in the tarball. */
  readonly files: readonly string[];
  /** Runs a command in the project. */
  run(command: string, ...args: string[]): Promise<Outcome>;
  /** Writes a file of the project. */
  write(path: string, text: string): Promise<void>;
  /** Deletes a file or a folder of the project, if it is there. */
  delete(path: string): Promise<void>;
  remove(): Promise<void>;
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
}

const modules = join(process.cwd(), 'node_modules');

/**
 * Packs the built package and installs the tarball where nothing else is. What it depends on comes from this checkout's
 * `node_modules`, so no network is needed, and nothing that it forgot to declare is there.
 */
export async function installPackage(): Promise<InstalledPackage> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'couchtide-package-')));
  const inProject = (command: string, ...args: string[]): Promise<Outcome> =>
    run(command, args, { quiet: true, directory });
  const packed = await mustRun('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', directory]);
  const [{ filename, files }]: [{ filename: string; files: { path: string }[] }] = JSON.parse(packed);
  if (!files.some(({ path }) => path.startsWith('dist/')))
    throw new Error('Nothing is built: see why with npm run build');
  const dependencies = await copyDependencies(directory);
  await writeFile(
    join(directory, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies: { couchtide: `file:${filename}`, ...dependencies } }),
  );
  await mustRun('npm', ['install', '--offline', '--install-links', '--no-audit', '--no-fund'], directory);
  return {
    directory,
    tarball: join(directory, filename),
    files: files.map((file) => file.path),
    run: inProject,
    write: async (path, text) => {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), text);
    },
    delete: (path) => rm(join(directory, path), { recursive: true, force: true }),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Copies the declared dependencies, and theirs, and answers where npm finds them. */
async function copyDependencies(directory: string): Promise<Record<string, string>> {
  const copies: Record<string, string> = {};
  const pending = ['.'];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const folder = name === '.' ? '.' : join(modules, name);
    const manifest: Manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    for (const dependency of Object.keys(manifest.dependencies ?? {})) {
      if (dependency in copies) continue;
      const copy = join('dependencies', dependency);
      await mkdir(join(directory, copy), { recursive: true });
      await cp(join(modules, dependency), join(directory, copy), { recursive: true });
      copies[dependency] = `file:${copy}`;
      pending.push(dependency);
    }
  }
  return copies;
}

async function mustRun(command: string, args: readonly string[], directory = process.cwd()): Promise<string> {
  const { exitCode, stdout, stderr } = await run(command, args, { quiet: true, directory });
  if (exitCode !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}
