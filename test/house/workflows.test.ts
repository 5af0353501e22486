import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const directory = '.github/workflows';
const { scripts, engines }: { scripts: Record<string, string>; engines: { node: string } } = JSON.parse(
  await readFile('package.json', 'utf8'),
);
const workflows = await Promise.all(
  (await readdir(directory)).map(async (name) => [name, await readFile(join(directory, name), 'utf8')] as const),
);

/** The values of a member, wherever it stands. */
function valuesOf(workflow: string, member: string): string[] {
  return [...workflow.matchAll(new RegExp(`^ *(?:- )?${member}: (.+)$`, 'gm'))].map(([, value]) => value ?? '');
}

describe.each(workflows)('The workflow %s', (_name, workflow) => {
  test('is indented by pairs of spaces, member by member', () => {
    const lines = workflow.trimEnd().split('\n');
    expect(lines.filter((line) => /\t|\s$/.test(line) || /^( {2})* (?! )/.test(line))).toEqual([]);
    expect(workflow).toMatch(/^name: \w+\non:\n/);
    expect(workflow).toMatch(/\n\njobs:\n/);
  });

  test('may read, and nothing else', () => {
    expect(workflow).toContain('\npermissions:\n  contents: read\n\n');
  });

  test('uses actions of one major version each', () => {
    const actions = valuesOf(workflow, 'uses');
    expect(actions).toContain('actions/checkout@v4');
    for (const action of actions) expect(action).toMatch(/^actions\/[a-z-]+@v\d+$/);
  });

  test('calls scripts that there are, with a Node.js that runs them', () => {
    const called = [...workflow.matchAll(/npm (?:run )?([\w:]+)/g)].map(([, script]) => script);
    const known = [...Object.keys(scripts), 'ci'];
    for (const script of called.filter((name) => name !== 'npm')) expect(known).toContain(script);
    for (const version of valuesOf(workflow, 'node-version')) {
      expect(Number(version)).toBeGreaterThanOrEqual(Number.parseInt(engines.node.replace(/\D+/, ''), 10));
    }
  });
});

test('The end-to-end suite runs on every CouchDB that the README names for it', async () => {
  const workflow = new Map(workflows).get('e2e.yml') ?? '';
  const [matrix = ''] = valuesOf(workflow, 'couchdb');
  const versions = matrix.match(/\d+(\.\d+)+/g) ?? [];
  expect(versions.map((version) => version.replace(/\.\d+$/, ''))).toEqual(['2.3', '3.3', '3.4', '3.5']);
  expect(valuesOf(workflow, 'image')).toEqual([expect.stringMatching(/^couchdb:\$\{\{ matrix\.couchdb \}\}$/)]);
  const readme = await readFile('README.md', 'utf8');
  for (const version of versions) expect(readme).toContain(`CouchDB ${version}`);
});
