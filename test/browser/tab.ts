import type { BrowserContext, Page } from 'playwright';
import type { PullStatus } from '../../src/index.ts';
import type { Tab } from './tab-program.ts';

/** Milliseconds in which what is waited for has to come, on a busy machine too. */
export const LIMIT = 20_000;

/** Opens a page of the site that can pull. */
export async function openTab(context: BrowserContext, siteUrl: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${siteUrl}/tab.html`);
  await page.waitForFunction(() => Reflect.has(globalThis, 'tab'), undefined, { timeout: LIMIT });
  return page;
}

/** Calls something of a page's `tab`. */
export function ask<K extends keyof Tab>(
  page: Page,
  what: K,
  ...given: Parameters<Tab[K]>
): Promise<Awaited<ReturnType<Tab[K]>>> {
  return page.evaluate(([name, args]) => Reflect.get(globalThis, 'tab')[name](...args), [what, given] as const);
}

/** Waits until the pull of a tab stands as it should. */
export async function until(page: Page, isSo: (status: PullStatus) => boolean): Promise<PullStatus> {
  const status = await eventually(
    () => ask(page, 'status'),
    (now) => now !== undefined && isSo(now),
  );
  if (status === undefined) throw new Error('The tab has no pull');
  return status;
}

/** Waits until a tab reads so many documents. */
export async function untilHere(page: Page, count: number): Promise<void> {
  await eventually(
    () => ask(page, 'documents'),
    (found) => found === count,
  );
}

/** Asks until the answer is the one that is waited for. */
export async function eventually<T>(
  question: () => Promise<T>,
  isIt: (answer: T) => boolean,
  limit = LIMIT,
): Promise<T> {
  const end = performance.now() + limit;
  for (;;) {
    const answer = await question();
    if (isIt(answer)) return answer;
    if (performance.now() > end) throw new Error(`It is still ${JSON.stringify(answer)} after ${limit} ms`);
  }
}
