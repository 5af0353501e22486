import { posix } from 'node:path';
import { type ParsedFile, parseFile } from './imports.ts';

/**
 * The folders from the lowest rank to the highest. A file imports its own folder and lower ranks. `src/index.ts` stands
 * above `src/serve`, files that all adapters share stand below the adapters, and what puts them to use above them.
 */
const RANKS: readonly (readonly string[])[] = [
  ['src/core'],
  ['src/revs', 'src/kv', 'src/registry'],
  ['src/couch', 'src/replica', 'src/jobs'],
  ['src/pull', 'src/scan'],
  ['src/serve'],
  ['src/index.ts'],
  ['adapters/*.ts'],
  ['adapters/indexeddb', 'adapters/deno-kv', 'adapters/durable-object', 'adapters/fs'],
  ['adapters/cli', 'adapters/worker'],
  ['demo', 'test'],
];

/** What puts the whole package to use. */
const USERS: ReadonlySet<string> = new Set(['adapters/cli', 'adapters/worker']);

/** What the adapters below them may use of `src`: the store contract, what it rests on, and what plugins are made of. */
const OPEN_TO_ADAPTERS: ReadonlySet<string> = new Set(['src/core', 'src/kv', 'src/registry']);

const LONGEST_FILE = 300;

/** Whether the rules below apply to a path. Tests may import what they want and be as long as they must. */
export function isHouse(path: string): boolean {
  return /^(src|adapters|demo)\//.test(path) && /\.[cm]?[jt]s$/.test(path);
}

/**
 * The ways in which source files break the rules of the house: each one sentence that names file and line.
 *
 * @param sources the text of every file of `src`, `adapters` and `demo`, by its path from the top of the repository
 */
export function findProblems(sources: ReadonlyMap<string, string>): string[] {
  const files = new Map([...sources].map(([path, text]) => [path, parseFile(path, text)]));
  const problems: string[] = [];
  for (const [path, file] of files) {
    if (rankOf(path) === undefined) problems.push(`${path} lies in a folder without a rank`);
    if (file.lines > LONGEST_FILE)
      problems.push(`${path} has ${file.lines} lines, at most ${LONGEST_FILE} are allowed`);
    for (const { specifier, line } of file.imports) {
      const complaint = judge(path, specifier, files);
      if (complaint !== undefined) problems.push(`${path}:${line} imports ${specifier}: ${complaint}`);
    }
  }
  return [...problems, ...findCycles(files).map((cycle) => `Circle of imports: ${cycle.join(' > ')}`)];
}

function judge(path: string, specifier: string, files: ReadonlyMap<string, ParsedFile>): string | undefined {
  const folder = folderOf(path);
  if (!specifier.startsWith('.')) {
    // The one exception: the command line loads parts of the package that not everybody installs, lazily.
    const byOwnName = /^couchtide(\/|$)/.test(specifier) && folder !== 'adapters/cli' && folder !== 'demo';
    return byOwnName ? 'the package does not import itself by name' : undefined;
  }
  const target = resolve(path, specifier);
  const [own, other] = [rankOf(path), rankOf(target)];
  if (own === undefined) return undefined;
  if (other === undefined) return 'that lies outside of the ranked folders';
  const targetFolder = folderOf(target);
  const inside = path.startsWith('src/') && path !== 'src/index.ts';
  if (inside && files.get(target)?.barrel) return 'a barrel is for users of the package only';
  if (folder === targetFolder) return undefined;
  if (other >= own) return `${targetFolder} does not rank below ${folder}`;
  const restricted = path.startsWith('adapters/') && !USERS.has(folder) && target.startsWith('src/');
  if (restricted && !OPEN_TO_ADAPTERS.has(targetFolder)) return 'an adapter uses only the store contract';
  return undefined;
}

function rankOf(path: string): number | undefined {
  const folder = folderOf(path);
  const rank = RANKS.findIndex((folders) => folders.includes(folder));
  return rank === -1 ? undefined : rank;
}

function folderOf(path: string): string {
  const [top = '', second = '', third] = path.split('/');
  if (top === 'adapters' && third === undefined) return 'adapters/*.ts';
  return top === 'src' || top === 'adapters' ? `${top}/${second}` : top;
}

function resolve(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier);
}

/** The circles in which files import each other, values and types alike; each is told once. */
function findCycles(files: ReadonlyMap<string, ParsedFile>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  for (const file of files.keys()) follow(file);
  return cycles;

  function follow(file: string): void {
    const start = path.indexOf(file);
    if (start !== -1) {
      cycles.push([...path.slice(start), file]);
      return;
    }
    const parsed = files.get(file);
    if (parsed === undefined || done.has(file)) return;
    path.push(file);
    for (const { specifier } of parsed.imports) {
      if (specifier.startsWith('.')) follow(resolve(file, specifier));
    }
    path.pop();
    done.add(file);
  }
}
