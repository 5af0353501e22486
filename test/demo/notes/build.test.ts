import { expect, test } from 'vitest';
import { buildSite, type SiteFiles } from '../../../demo/notes/build.ts';

const SOURCE = 'https://couch.example/notes';

test('The service worker keeps every file of the site but itself, under a name that changes with them', async () => {
  const files = await buildSite(SOURCE);
  const { version, files: kept } = shellOf(files);
  expect(kept).toEqual([...files.keys()].filter((name) => name !== 'service-worker.js').map((name) => `./${name}`));
  expect(shellOf(await buildSite(SOURCE)).version).toBe(version);
  expect(shellOf(await buildSite(`${SOURCE}-of-others`)).version).not.toBe(version);
});

test('The page names what it pulls, may ask nobody else, and has no code of its own', async () => {
  const page = textOf(await buildSite(SOURCE), '');
  expect(page).toContain(`data-source="${SOURCE}"`);
  expect(page).toContain(`connect-src 'self' https://couch.example;`);
  expect(page).not.toContain('{{');
  expect(page).not.toMatch(/<script(?![^>]* src=)|<style| style=| on\w+=/);
});

test('What the page names is there', async () => {
  const files = await buildSite(SOURCE);
  const named = [...textOf(files, '').matchAll(/(?:src|href)="\.\/([^"]*)"/g)].map(([, name]) => name);
  expect(named).toHaveLength(3);
  expect([...files.keys()]).toEqual(expect.arrayContaining([...named, 'pull-worker.js', 'service-worker.js']));
});

function textOf(files: SiteFiles, name: string): string {
  return new TextDecoder().decode(files.get(name));
}

/** What the service worker was given. */
function shellOf(files: SiteFiles): { version: string; files: string[] } {
  const code = textOf(files, 'service-worker.js');
  const [, version = ''] = /version:\s*"(\w+)"/.exec(code) ?? [];
  return { version, files: [...code.matchAll(/"(\.\/[^"]*)"/g)].map(([, name = '']) => name) };
}
