import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { publicEntries } from '../api/report.ts';
import { run } from '../run/command.ts';
import { isThere, leftOutLine } from '../run/left-out.ts';
import { startSampleServer } from '../support/sample-server.ts';
import { withAssertions } from './example-assertions.ts';
import { checkExamples, moduleText } from './example-names.ts';
import { docExamples, isForBrowsers, markdownExamples, placeOf } from './examples.ts';
import { installPackage } from './installed-package.ts';
import { undocumentedExports } from './undocumented.ts';

/** The server that examples talk to. In a test it stands for the one of the demo, wherever that listens. */
const ORIGIN = 'http://127.0.0.1:5984';

const succeeds = { exitCode: 0, stderr: '' };
const server = await startSampleServer();
afterAll(() => server.close());
const local = (code: string): string => code.replaceAll(ORIGIN, server.url);

const sources = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'src/**.ts', 'adapters/**.ts'], {
  encoding: 'utf8',
})
  .trim()
  .split('\n');
const documented = await Promise.all(sources.map(async (path) => docExamples(path, await readFile(path, 'utf8'))));
const inReadme = markdownExamples('README.md', await readFile('README.md', 'utf8'));
const programs = inReadme.filter(({ language }) => language === 'ts');
/** The README's programs run below, and those for browsers in browsers: test/browser/readme.ts. */
const NOT_HERE = /^(README\.md|adapters\/(indexeddb|worker)\/.*)$/;
const { modules, problems } = checkExamples(process.cwd(), sources, [...documented.flat(), ...programs]);

describe('the documentation', async () => {
  test.each(await publicEntries())('says something about every export of %s', (entry) => {
    const source = entry === 'index' ? 'src/index.ts' : `adapters/${entry}/index.ts`;
    expect(undocumentedExports(source)).toEqual([]);
  });

  test('is missed where it is missing', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'couchtide-docs-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    await writeFile(join(directory, 'told.ts'), '/** Told. */\nexport const told = 1;\nexport const untold = 2;\n');
    await writeFile(join(directory, 'entry.ts'), `export { told, untold as silent } from './told.ts';\n`);
    expect(undocumentedExports(join(directory, 'entry.ts'))).toEqual(['silent']);
  });
});

describe('the examples', () => {
  test('are written in languages that are tested', () => {
    const languages = new Set(documented.flat().map(({ language }) => language));
    expect([...languages]).toEqual(['ts']);
    expect(inReadme.filter(({ language }) => language !== 'ts' && language !== 'sh')).toEqual([]);
  });

  test('compile', () => {
    expect(problems).toEqual([]);
  });
});

describe('the examples of the sources', async () => {
  // Inside of the repository, so that what they import by name is found.
  const directory = await mkdtemp(join('test', 'house', '.examples-'));
  afterAll(() => rm(directory, { recursive: true, force: true }));
  const runnable = modules
    .filter(({ example }) => !NOT_HERE.test(example.file) && !mentionsAnotherServer(example.code))
    .map((module) => [placeOf(module.example), module] as const);

  test.each(runnable)('%s runs, and does what it says', async (place, module) => {
    const file = `${place.replaceAll(/\W/g, '-')}.ts`;
    const code = withAssertions(module.example.code);
    await writeFile(join(directory, file), local(moduleText({ ...module, example: { ...module.example, code } })));
    expect(await run('node', [file], { quiet: true, directory })).toMatchObject(succeeds);
  });
});

describe('the README', async () => {
  const installed = await installPackage();
  afterAll(() => installed.remove());

  test.for(['node', 'deno', 'bun'])('has programs that run as they stand under %s', async (runtime, { skip }) => {
    if (!(await isThere(runtime))) {
      console.log(leftOutLine('the programs of the README', runtime));
      skip();
    }
    const args = runtime === 'deno' ? ['run', '--no-lock', '--cached-only', '-A'] : [];
    for (const [i, { code }] of programs.filter((program) => !isForBrowsers(program)).entries()) {
      const file = join(runtime, `${i}.ts`);
      await installed.write(file, local(code));
      const outcome = await installed.run(runtime, ...args, file);
      expect(outcome).toMatchObject(succeeds);
      expect(outcome.stdout).toContain('pancakes');
      await installed.delete('recipes');
    }
  });

  test('has commands that run as they stand', async () => {
    const commands = inReadme
      .filter(({ language }) => language === 'sh')
      .flatMap(({ code }) => code.trim().split('\n'));
    const scripts: { scripts: Record<string, string> } = JSON.parse(await readFile('package.json', 'utf8'));
    for (const command of commands) {
      if (command.startsWith('npx couchtide ')) {
        // npx finds the command of the project before it looks anywhere else.
        expect(await installed.run('sh', '-c', local(command)), command).toMatchObject({ exitCode: 0 });
      } else {
        // What concerns the checkout is only looked up: this is a part of `npm test`.
        const script = /^(?:npm ci && )?npm (?:run )?([\w:]+)(?: -- .+)?$/.exec(command)?.[1];
        expect(Object.keys(scripts.scripts), command).toContain(script);
      }
    }
  });
});

/** Whether an example is about a server that is not there. */
function mentionsAnotherServer(code: string): boolean {
  return /\bhttps?:\/\//.test(code.replaceAll(ORIGIN, ''));
}
