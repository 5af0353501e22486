import type { BoundCase } from './suite.ts';

/** Milliseconds after which a case is taken to hang that says nothing else. */
const LIMIT = 60_000;

/**
 * Runs suites where there is no test framework, one case after the other, and prints what failed and why. The last line
 * is `N passed, N failed`.
 *
 * @returns how many failed
 */
export async function runSuites(suites: Readonly<Record<string, readonly BoundCase[]>>): Promise<number> {
  let [passed, failed] = [0, 0];
  for (const [name, cases] of Object.entries(suites)) {
    for (const one of cases) {
      try {
        await inTime(one.run(), one.limit ?? LIMIT);
        passed += 1;
      } catch (error) {
        failed += 1;
        console.log(`${name}: ${one.name}`, error);
      }
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed;
}

async function inTime(running: Promise<void>, limit: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It has not ended within ${limit} ms`)), limit);
  });
  try {
    await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
  }
}
