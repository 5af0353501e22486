import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

test('npm run demo:notes serves the page with a notebook that it may read, and ends when it is told to', async () => {
  const main = fileURLToPath(new URL('../../../demo/notes/main.ts', import.meta.url));
  const running = spawn(process.execPath, [main], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void running.kill('SIGKILL'));
  let site = '';
  for await (const line of createInterface(running.stdout)) {
    site = /http:\S+/.exec(line)?.[0] ?? '';
    break;
  }
  const page = await (await fetch(site)).text();
  const [, source = ''] = /data-source="([^"]+)"/.exec(page) ?? [];
  const answer = await fetch(source, { headers: { origin: site } });
  expect(await answer.json()).toMatchObject({ db_name: 'notes', doc_count: 24 });
  expect(answer.headers.get('access-control-allow-origin')).toBe(site);
  running.kill('SIGTERM');
  expect(await once(running, 'exit')).toEqual([0, null]);
});
