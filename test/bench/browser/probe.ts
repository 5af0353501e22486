/** What a page noticed of itself while a contestant worked. Times in milliseconds. */
export interface PageRun {
  /** From the call until everything is here. */
  readonly duration: number;
  /** From the call until a document could be read for the first time. */
  readonly firstDocument: number;
  /** The longest task of the main thread, where the browser tells and one took 50 or more: https://www.w3.org/TR/longtasks-1/. */
  readonly longestTask: number | undefined;
  /** The longest time in which a timer did not ring that was due. */
  readonly longestGap: number;
  /** Documents that are here. */
  readonly documents: number;
}

/** What a contestant does with a database. */
export interface Contest {
  /** Brings all of it. */
  readonly pull: () => Promise<void>;
  /** Whether any document can be read. */
  readonly hasDocument: () => Promise<boolean>;
  /** How many documents are here. */
  readonly count: () => Promise<number>;
}

/** So often the main thread is looked at, in milliseconds: browsers round less up. */
const TICK = 4;
/** So often a document is looked for. */
const LOOK = 25;

/** Carries a contest out, from opening its target on, and watches the page meanwhile. */
export async function watch(open: () => Promise<Contest>): Promise<PageRun> {
  const watching = { isOver: false };
  const tasks = longestTask();
  const gap = longestGap(watching);
  const begun = performance.now();
  const contest = await open();
  const seen = firstSeen(contest, watching);
  await contest.pull();
  const ended = performance.now();
  const first = await seen;
  watching.isOver = true;
  return {
    duration: ended - begun,
    firstDocument: (first ?? ended) - begun,
    longestTask: tasks(),
    longestGap: await gap,
    documents: await contest.count(),
  };
}

/** When a document could be read, undefined where that was not before the end. */
async function firstSeen(
  { hasDocument }: Contest,
  watching: { readonly isOver: boolean },
): Promise<number | undefined> {
  while (!watching.isOver) {
    if (await hasDocument()) return performance.now();
    await after(LOOK);
  }
  return undefined;
}

function longestTask(): () => number | undefined {
  if (!PerformanceObserver.supportedEntryTypes.includes('longtask')) return () => undefined;
  let longest = 0;
  const note = (entries: PerformanceEntryList): void => {
    for (const { duration } of entries) longest = Math.max(longest, duration);
  };
  const observer = new PerformanceObserver((list) => note(list.getEntries()));
  observer.observe({ entryTypes: ['longtask'] });
  return () => {
    note(observer.takeRecords());
    observer.disconnect();
    return longest;
  };
}

async function longestGap(watching: { readonly isOver: boolean }): Promise<number> {
  let longest = 0;
  for (let last = performance.now(); !watching.isOver; ) {
    await after(TICK);
    const now = performance.now();
    longest = Math.max(longest, now - last - TICK);
    last = now;
  }
  return longest;
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
