import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nextLine, type Process, startProcess } from '../support/process.ts';
import type { Contestant } from './contestants.ts';
import type { Contents } from './data-sets.ts';
import type { Traffic } from './delaying-proxy.ts';
import type { Measurement } from './measure.ts';
import type { Outcome } from './rounds.ts';
import { writeTask } from './task.ts';

/** A database to be brought over, and how far away it is made to be. */
export interface Course {
  /** With credentials where the server asks for any. */
  readonly url: string;
  /** What is in it. */
  readonly contents: Contents;
  /** Milliseconds that each request waits. */
  readonly latency: number;
}

/** What a run took. */
export interface Run extends Traffic {
  readonly seconds: number;
  /** The most memory that the process ever had resident, in bytes. */
  readonly peak: number;
}

/**
 * Has a contestant run once: in a process of its own, into an empty directory, through a proxy which is another process.
 * All of them are gone afterwards.
 *
 * @param limit in milliseconds
 */
export async function compete(contestant: Contestant, course: Course, limit: number): Promise<Outcome<Run>> {
  const directory = await mkdtemp(join(tmpdir(), 'couchtide-bench-'));
  const { origin } = new URL(course.url);
  const proxy = startProcess(new URL('./proxy-program.ts', import.meta.url), [origin, String(course.latency)]);
  try {
    const [url, teller] = [through(await nextLine(proxy), course.url), await nextLine(proxy)];
    const task = await writeTask(directory, url, contestant.settings);
    const line = await firstLine(startProcess(contestant.program, [task]), limit);
    if (line === undefined) return { type: 'late' };
    const { seconds, peak, contents }: Measurement = JSON.parse(line);
    const reason = whatIsMissing(contestant, contents, course.contents);
    if (reason !== undefined) return { type: 'failed', reason };
    const traffic = (await (await fetch(teller)).json()) as Traffic;
    return { type: 'measured', value: { seconds, peak, ...traffic } };
  } catch (error) {
    return { type: 'failed', reason: reasonOf(error) };
  } finally {
    proxy.kill();
    await proxy.ended;
    await rm(directory, { recursive: true, force: true });
  }
}

/** What a process prints first, undefined when it takes longer than the limit. It has ended then. */
async function firstLine(child: Process, limit: number): Promise<string | undefined> {
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill();
  }, limit);
  try {
    return await nextLine(child);
  } catch (error) {
    if (isLate) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
    child.kill();
    await child.ended;
  }
}

/** The url of a database behind a proxy before its server. */
function through(proxy: string, url: string): string {
  const behind = new URL(url);
  behind.host = new URL(proxy).host;
  return behind.href;
}

function whatIsMissing({ takes }: Contestant, found: Partial<Contents>, there: Contents): string | undefined {
  const wrong = takes.filter((what) => found[what] !== there[what]);
  if (wrong.length === 0) return undefined;
  return `It has ${wrong.map((what) => `${found[what] ?? 'no'} ${what} of ${there[what]}`).join(' and ')}`;
}

/** The line of an error, or of what a process wrote before it died, that says most; without credentials. */
function reasonOf(error: unknown): string {
  const lines = String(error).split('\n');
  const line = lines.slice(1).find((text) => /^\w*Error\b/.test(text)) ?? lines[0] ?? '';
  return line
    .trim()
    .replaceAll(/\/\/[^/@\s]*@/g, '//')
    .slice(0, 300);
}
