import type { BrowserContext, Page } from 'playwright';
import { type BrowserProcess, signal } from './processes.ts';
import type { Profile } from './profile.ts';
import { eventually, openTab } from './tab.ts';

/** A tab in a process of its own, which may be killed and stopped as the system does it: nothing in the tab is told of it. */
export interface MortalTab {
  readonly page: Page;
  kill(): void;
  stop(): void;
  goOn(): void;
}

/**
 * Opens a tab, one at a time, of a site that has the first tab of this browser open already.
 *
 * @param profile of a browser with `TABS_APART`
 */
export async function openMortalTab(profile: Profile, context: BrowserContext, siteUrl: string): Promise<MortalTab> {
  const before = new Set((await pagesOf(profile)).map(({ pid }) => pid));
  const page = await openTab(context, siteUrl);
  // The process of the empty page that a tab begins with may take a while to end.
  const fresh = await eventually(
    async () => (await pagesOf(profile)).map(({ pid }) => pid).filter((pid) => !before.has(pid)),
    (pids) => pids.length === 1,
  );
  const [pid = Number.NaN] = fresh;
  return {
    page,
    kill: () => signal(pid, 'SIGKILL'),
    stop: () => signal(pid, 'SIGSTOP'),
    goOn: () => signal(pid, 'SIGCONT'),
  };
}

/** The processes that have pages in them. */
async function pagesOf(profile: Profile): Promise<BrowserProcess[]> {
  const isPage = ({ command }: BrowserProcess): boolean => /--type=renderer|\stab\0$/.test(command);
  return (await profile.processes()).filter(isPage);
}
