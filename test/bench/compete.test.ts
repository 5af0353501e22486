import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startServer } from '../../demo/server/index.ts';
import { smallDocuments } from '../support/documents.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { type Course, compete } from './compete.ts';
import { type Contestant, contestants } from './contestants.ts';

const LONG = 60_000;

async function startCourse(): Promise<Course> {
  const server = await startServer({ admins: { someone: 'secret' } });
  onTestFinished(() => server.close());
  server.createDatabase('source').load(smallDocuments(20));
  const url = `${server.url.replace('//', '//someone:secret@')}/source`;
  return { url, contents: { documents: 20, leaves: 20 }, latency: 0 };
}

function contestant(name: string): Contestant {
  const found = contestants.find((one) => one.name === name);
  if (found === undefined) throw new Error(`There is no contestant ${name}`);
  return found;
}

/** A contestant that runs the text of a program. */
async function improvise(text: string): Promise<Contestant> {
  const file = join(await temporaryDirectory(), 'program.mjs');
  await writeFile(file, text);
  return { ...contestant('floor'), program: pathToFileURL(file) };
}

describe('compete', () => {
  test.each(['floor', 'couchtide-memory', 'couchtide-fs'])('measures %s', async (name) => {
    const outcome = await compete(contestant(name), await startCourse(), LONG);
    expect(outcome).toEqual({
      type: 'measured',
      value: {
        seconds: expect.any(Number),
        peak: expect.any(Number),
        requests: name === 'floor' ? 1 : 2,
        bytes: expect.any(Number),
      },
    });
  });

  test('does not count what has not brought everything', async () => {
    const course = { ...(await startCourse()), contents: { documents: 20, leaves: 21 } };
    const outcome = await compete(contestant('couchtide-memory'), course, LONG);
    expect(outcome).toEqual({ type: 'failed', reason: 'It has 20 leaves of 21' });
  });

  test('tells why a program failed, and no credentials', async () => {
    const program = await improvise(`
      import { readFileSync } from 'node:fs';
      const { url } = JSON.parse(readFileSync(process.argv[2]));
      throw new Error('Cannot read ' + url);
    `);
    const outcome = await compete(program, await startCourse(), LONG);
    expect(outcome).toEqual({
      type: 'failed',
      reason: expect.stringMatching(/^Error: Cannot read http:\/\/127\.0\.0\.1:\d+\/source$/),
    });
  });

  test('ends a program whose time is up', async () => {
    const outcome = await compete(await improvise('setInterval(() => {}, 1000);'), await startCourse(), 200);
    expect(outcome).toEqual({ type: 'late' });
  });
});
