import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Vitest's global set-up of the suites that look at the built package: builds it unless it is newer than its sources.
 * Where that fails there is no build, so that these suites fail and the others still run.
 */
export function setup(): void {
  const sources = ['src', 'adapters', 'demo', 'package.json', 'tsconfig.json', 'tsup.config.ts'];
  if (newest('dist') > Math.max(...sources.map(newest))) return;
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'build'], { encoding: 'utf8' });
  if (status === 0) return;
  rmSync('dist', { recursive: true, force: true });
  console.error(`The build failed:\n${stdout}${stderr}`);
}

/** When the youngest file at or under a path was written; 0 when there is none. */
function newest(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (stat.isFile()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}
