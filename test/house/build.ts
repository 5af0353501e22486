import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Vitest's global set-up of the suites that look at the built package: builds it unless it is newer than its sources. */
export function setup(): void {
  const built = newest('dist');
  const sources = ['src', 'adapters', 'demo', 'package.json', 'tsconfig.json', 'tsup.config.ts'];
  if (built <= Math.max(...sources.map(newest))) {
    execFileSync('npm', ['run', '--silent', 'build'], { stdio: ['ignore', 'ignore', 'inherit'] });
  }
}

/** When the youngest file at or under a path was written; 0 when there is none. */
function newest(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (stat.isFile()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}
