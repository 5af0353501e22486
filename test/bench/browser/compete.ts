import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserName, launchIn } from '../../browser/browsers.ts';
import type { Outcome } from '../rounds.ts';
import type { BrowserContestant, RunInPage } from './contestants.ts';
import type { PageRun } from './probe.ts';
import type { Stage } from './stage.ts';

/** What a run in a page took. */
export interface BrowserRun extends PageRun {
  readonly requests: number;
}

/**
 * Has a contestant run once, in a browser of its own that keeps its sites' data on disk. All of it is gone afterwards.
 *
 * @param documents how many there are in the source
 * @param limit in milliseconds
 */
export async function competeIn(
  browser: BrowserName,
  { name, settings }: BrowserContestant,
  { stage, documents, limit }: { readonly stage: Stage; readonly documents: number; readonly limit: number },
): Promise<Outcome<BrowserRun>> {
  const directory = await mkdtemp(join(tmpdir(), 'couchtide-bench-'));
  const context = await launchIn(browser, directory);
  const late = AbortSignal.timeout(Math.ceil(limit));
  const end = (): void => void context.close();
  late.addEventListener('abort', end);
  try {
    const page = await context.newPage();
    await page.goto(`${stage.url}/${name}.html`);
    await page.waitForFunction(() => Reflect.has(globalThis, 'run'));
    stage.takeRequests();
    const run = await page.evaluate(([url, how]) => (Reflect.get(globalThis, 'run') as RunInPage)(url, how), [
      stage.sourceUrl,
      settings,
    ] as const);
    if (run.documents !== documents) {
      return { type: 'failed', reason: `It has ${run.documents} documents of ${documents}` };
    }
    return { type: 'measured', value: { ...run, requests: stage.takeRequests() } };
  } catch (error) {
    if (late.aborted) return { type: 'late' };
    return { type: 'failed', reason: String(error).split('\n')[0] ?? '' };
  } finally {
    late.removeEventListener('abort', end);
    await context.close();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
