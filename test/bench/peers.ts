import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { run } from '../run/command.ts';

const directory = new URL('./peers/', import.meta.url);

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

/**
 * Installs the peers, where they are not there in the versions that their package.json names.
 *
 * @param tell is told before, as it takes a while
 * @returns each package with its version
 * @throws Error when they cannot be installed
 */
export async function installPeers(tell: (line: string) => void): Promise<string[]> {
  const { dependencies } = await readManifest('package.json');
  const wanted = Object.entries(dependencies);
  if (!(await areInstalled(wanted))) {
    tell('Installing the peers (npm ci in test/bench/peers)');
    const args = ['ci', '--no-audit', '--no-fund'];
    const { exitCode, stderr } = await run('npm', args, { quiet: true, directory: fileURLToPath(directory) });
    if (exitCode !== 0) {
      throw new Error(`The peers cannot be installed; leave them out with --only floor,couchtide-memory: ${stderr}`);
    }
  }
  return wanted.map(([name, version]) => `${name} ${version}`);
}

async function areInstalled(wanted: readonly (readonly [string, string])[]): Promise<boolean> {
  const found = await Promise.all(
    wanted.map(([name]) => readManifest(`node_modules/${name}/package.json`).catch(() => undefined)),
  );
  return wanted.every(([, version], index) => found[index]?.version === version);
}

async function readManifest(path: string): Promise<Manifest> {
  return JSON.parse(await readFile(new URL(path, directory), 'utf8'));
}
