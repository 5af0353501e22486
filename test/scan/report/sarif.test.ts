import { describe, expect, test } from 'vitest';
import type { Finding } from '../../../src/scan/events.ts';
import { sarif } from '../../../src/scan/report/sarif.ts';

const findings: readonly Finding[] = [
  { type: 'finding', plugin: 'find', db: 'shop', id: 'a/b ü', rev: '1-a', tag: 'aws', where: '/keys/0' },
  { type: 'finding', plugin: 'find', db: 'shop', id: 'a/b ü', rev: '1-a', tag: 'aws', where: '/keys', at: 'key' },
  { type: 'finding', plugin: 'find', db: 'vault', tag: 'name', where: 'db' },
  { type: 'finding', plugin: 'find', db: 'shop', id: 'leak', tag: 'aws', where: 'id' },
  { type: 'finding', plugin: 'ddoc_features', db: 'shop', id: '_design/x', rev: '1-a', feature: 'shows', count: 2 },
  { type: 'finding', plugin: 'conflicts', db: 'shop', id: 'c', rev: '2-b', conflicts: ['2-a'], deleted_conflicts: [] },
  { type: 'finding', plugin: 'sizes', db: 'shop', bytes: 7 },
  { type: 'finding', plugin: 'find', db: 'shop', id: '\ud800', tag: 'aws', where: '/' },
  { type: 'finding', plugin: 'find', db: 'shop', id: '..', tag: 'aws', where: '/' },
];

interface Result {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly message: { readonly text: string };
  readonly locations: readonly {
    readonly physicalLocation: { readonly artifactLocation: { readonly uri: string; readonly uriBaseId: string } };
    readonly logicalLocations: readonly { readonly fullyQualifiedName: string; readonly kind: string }[];
  }[];
  readonly partialFingerprints: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, unknown>>;
}

interface Run {
  readonly tool: {
    readonly driver: {
      readonly name: string;
      readonly version: string;
      readonly rules: readonly { readonly id: string }[];
    };
  };
  readonly results: readonly Result[];
  readonly originalUriBaseIds?: unknown;
}

async function written(some: readonly Finding[], source?: string): Promise<{ version: string; run: Run }> {
  let text = '';
  for await (const piece of sarif(some, { version: '1.2.3', ...(source === undefined ? {} : { source }) }))
    text += piece;
  const { version, runs } = JSON.parse(text) as { version: string; runs: [Run] };
  expect(runs).toHaveLength(1);
  return { version, run: runs[0] };
}

describe('sarif', () => {
  test('has the members that SARIF 2.1.0 asks for', async () => {
    const { version, run } = await written(findings);
    expect(version).toBe('2.1.0');
    expect(run.tool.driver).toMatchObject({ name: 'couchtide', version: '1.2.3' });
    expect(run.results).toHaveLength(findings.length);
    for (const { ruleId, ruleIndex, message, locations } of run.results) {
      expect(message.text).not.toBe('');
      expect(run.tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
      expect(locations[0]?.physicalLocation.artifactLocation.uri).toMatch(/^[\w%.\-~!*'()]+(\/[\w%.\-~!*'()]+)?$/);
      expect(locations[0]?.logicalLocations).toHaveLength(1);
    }
  });

  test('has a rule for each tag, feature and plugin', async () => {
    const { run } = await written(findings);
    expect(run.tool.driver.rules.map(({ id }) => id)).toEqual([
      'find/aws',
      'find/name',
      'ddoc_features/shows',
      'conflicts',
      'sizes',
    ]);
  });

  test('says where something was found', async () => {
    const { run } = await written(findings);
    const places = run.results.map(({ locations: [location] }) => [
      location?.physicalLocation.artifactLocation.uri,
      location?.logicalLocations[0]?.fullyQualifiedName,
      location?.logicalLocations[0]?.kind,
    ]);
    expect(places).toEqual([
      ['shop/a%2Fb%20%C3%BC', '/keys/0', 'value'],
      ['shop/a%2Fb%20%C3%BC', '/keys', 'property'],
      ['vault', 'vault', 'module'],
      ['shop/leak', 'shop/leak', 'object'],
      ['shop/_design%2Fx', 'shop/_design/x', 'object'],
      ['shop/c', 'shop/c', 'object'],
      ['shop', 'shop', 'module'],
      ['shop/%EF%BF%BD', '/', 'value'],
      ['shop/%2E%2E', '/', 'value'],
    ]);
    expect(run.results[0]?.message.text).toBe(
      'Pattern "aws" matches at /keys/0 in document "a/b ü" of database "shop"',
    );
    expect(run.results[5]?.message.text).toBe(
      '1 revision is in conflict with the winner in document "c" of database "shop"',
    );
    expect(run.results[5]?.properties).toEqual({
      db: 'shop',
      id: 'c',
      rev: '2-b',
      conflicts: ['2-a'],
      deleted_conflicts: [],
    });
  });

  test('knows a finding again, also in another revision, and no other for it', async () => {
    const { run } = await written(findings);
    const prints = run.results.map(({ partialFingerprints }) => partialFingerprints['couchtide/v1']);
    expect(new Set(prints).size).toBe(findings.length);
    const again = await written(findings.map((finding) => ({ ...finding, rev: '9-z' })));
    expect(again.run.results.map(({ partialFingerprints }) => partialFingerprints['couchtide/v1'])).toEqual(prints);
  });

  test('is a log also of no findings, and names its source where it is told', async () => {
    const { run } = await written([], 'https://couch.example/prefix');
    expect(run).toEqual({
      results: [],
      tool: { driver: { name: 'couchtide', version: '1.2.3', rules: [] } },
      columnKind: 'utf16CodeUnits',
      originalUriBaseIds: { SOURCE: { uri: 'https://couch.example/prefix/' } },
    });
    expect((await written([])).run.originalUriBaseIds).toBeUndefined();
  });

  test('is written while findings come', async () => {
    const told: string[] = [];
    async function* coming(): AsyncGenerator<Finding, void, undefined> {
      for (const finding of findings.slice(0, 2)) {
        told.push('came');
        yield finding;
      }
    }
    for await (const piece of sarif(coming(), { version: '1' }))
      told.push(piece.includes('ruleId') ? 'written' : 'frame');
    expect(told).toEqual(['frame', 'came', 'written', 'came', 'written', 'frame']);
  });
});
