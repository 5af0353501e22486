import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { run } from '../run/command.ts';

interface Manifest {
  exports: Record<string, unknown>;
  bin: Record<string, string>;
}

const directory = await mkdtemp(join(tmpdir(), 'couchtide-build-'));
afterAll(() => rm(directory, { recursive: true, force: true }));
await cp('tsup.config.ts', join(directory, 'tsup.config.ts'));
await symlink(join(process.cwd(), 'node_modules'), join(directory, 'node_modules'));

describe('the build', () => {
  test.each<[string, (manifest: Manifest) => void]>([
    [
      'offers a subpath that is not built',
      (manifest) => {
        manifest.exports['./more'] = manifest.exports['./fs'];
      },
    ],
    [
      'keeps back what is built',
      (manifest) => {
        delete manifest.exports['./fs'];
      },
    ],
    [
      'names types after the code that they describe',
      (manifest) => {
        const { import: module, require } = manifest.exports['./fs'] as {
          import: { types: string; default: string };
          require: unknown;
        };
        manifest.exports['./fs'] = { import: { default: module.default, types: module.types }, require };
      },
    ],
    [
      'offers a command that is not built',
      (manifest) => {
        manifest.bin['more'] = 'dist/more.js';
      },
    ],
    [
      'points its command elsewhere',
      (manifest) => {
        manifest.bin['couchtide'] = 'dist/index.js';
      },
    ],
  ])('refuses a manifest that %s', async (_, change) => {
    const manifest: Manifest = JSON.parse(await readFile('package.json', 'utf8'));
    change(manifest);
    await writeFile(join(directory, 'package.json'), JSON.stringify(manifest));
    const { exitCode, stdout, stderr } = await run('tsup', [], { quiet: true, directory });
    expect(exitCode).not.toBe(0);
    expect(stdout + stderr).toContain('What package.json offers differs from what tsup.config.ts builds');
  });
});
