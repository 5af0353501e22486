import assert from 'node:assert/strict';
import type { Page } from 'playwright';
import { Chance } from '../faults/chance.ts';
import { complaintsAbout, runsOf } from '../faults/job-findings.ts';
import { isSoak, seed } from '../faults/scale.ts';
import { harass, type Victim } from '../faults/violence.ts';
import type { BrowserSuite } from './bed.ts';
import { TABS_APART } from './browsers.ts';
import { openMortalTab } from './mortal-tab.ts';
import { Profile } from './profile.ts';
import { ask, openTab } from './tab.ts';

const WORKERS = isSoak ? 6 : 4;
const JOBS = isSoak ? 1000 : 100;
const TYPE = 'task';
/** In milliseconds; who is stopped for longer is a zombie when it goes on. */
const TIMEOUT = 3000;
/**
 * Of a run, in milliseconds. So a tab waits most of the time: one that is stopped amid a commit holds up the store for all, and
 * nobody can take its jobs.
 */
const LENGTH = 1000;
/** Acts of violence, at least half of which have to happen before the work is done. */
const ACTS = isSoak ? 30 : 4;

/** Tabs that work on the jobs of one queue, and come to harm. */
export const jobs: BrowserSuite = ({ name, siteUrl }) => [
  {
    name: `${JOBS} jobs all end, each by one tab at a time, while ${WORKERS} tabs are killed and stopped`,
    limit: 600_000,
    run: () =>
      Profile.use(
        name,
        async (profile) => {
          console.log(
            `Tabs killed and stopped by chance: SEED=${seed} npm run soak -- test/browser/run.ts ${name} jobs`,
          );
          const context = await profile.open();
          // It adds the jobs and looks after them; nothing is done to it.
          const keeper = await openTab(context, siteUrl);
          const ids = Array.from({ length: JOBS }, (_, index) => `job ${index}`);
          await ask(keeper, 'addJobs', TYPE, TIMEOUT, ids);
          let lost = 0;
          const start = async (): Promise<Victim> => {
            const tab = await openMortalTab(profile, context, siteUrl);
            const worker = { ...tab, isReady: false };
            hear(tab.page, (event) => {
              worker.isReady = true;
              if (event === 'lost') lost += 1;
            });
            await ask(tab.page, 'workOnJobs', TYPE, LENGTH);
            return worker;
          };
          const { kills, stops } = await harass({
            chance: new Chance(seed),
            workers: WORKERS,
            start,
            hasWork: async () => (await ask(keeper, 'jobsLeft', TYPE)) > 0,
            acts: ACTS,
            peace: 500,
            stopped: 4 * TIMEOUT,
            timeout: TIMEOUT,
          });
          const findings = await ask(keeper, 'findJobs', TYPE, ids);
          const harm = `${kills} tabs killed, ${stops} stopped, ${lost} jobs lost`;
          console.log(`${name}: ${JOBS} jobs in ${runsOf(findings)} runs; ${harm}`);
          assert.deepEqual(complaintsAbout(findings), []);
          assert.ok(kills + stops >= ACTS / 2, harm);
        },
        TABS_APART,
      ),
  },
];

/** Hears what becomes of the jobs of a tab. */
function hear(page: Page, listener: (event: string) => void): void {
  page.on('console', (message) => {
    const [, event] = /^job (\w+)$/.exec(message.text()) ?? [];
    if (event !== undefined) listener(event);
  });
}
