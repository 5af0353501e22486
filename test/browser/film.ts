import assert from 'node:assert/strict';
import { isSoak } from '../faults/scale.ts';
import { putFilm } from '../support/film.ts';
import { type Bed, type BrowserSuite, startOrigin } from './bed.ts';
import { startUndriven } from './undriven.ts';

const MEBIBYTE = 1024 * 1024;
/** Mebibytes of the attachments, and by how many a process of the browser may grow more with the long one than with the short one. */
const SHORT = 1;
const LONG = isSoak ? 200 : 64;
const MOST = isSoak ? 64 : 40;
/** Mebibytes that may come twice, as they were on their way when the connection broke. */
const MOST_TWICE = 8;

/** An attachment that is far larger than what a page had better hold at once. */
export const film: BrowserSuite = (bed) => [
  {
    name: `An attachment of ${LONG} MiB needs little more memory than one of ${SHORT} MiB, and goes on where it broke off`,
    limit: 300_000,
    async run() {
      const short = await pullFilm(bed, SHORT);
      const long = await pullFilm(bed, LONG);
      const growths = [short.growth, long.growth].map((growth) => `${Math.round(growth / MEBIBYTE)} MiB`);
      console.log(`A process of ${bed.name} grows by ${growths.join(' and ')} at the most`);
      assert.ok(long.growth - short.growth <= MOST * MEBIBYTE, growths.join(', '));
      assert.ok(long.bytes < (LONG + MOST_TWICE) * MEBIBYTE, `${long.bytes} bytes were sent`);
    },
  },
];

/** What a pull has come to. */
interface FilmPull {
  /** By how much the process of the browser that grew most has grown, in bytes. */
  readonly growth: number;
  /** Of all answers with the attachment, or with a part of it. */
  readonly bytes: number;
}

/** Pulls an attachment of so many mebibytes, of which an answer in the middle breaks off. */
async function pullFilm({ name, siteUrl }: Bed, length: number): Promise<FilmPull> {
  const { server, source } = await startOrigin();
  try {
    await putFilm(source.url, length);
    server.requests.reset();
    server.faults.add({ path: /film\.mp4/, skip: Math.floor(length / 16), times: 1, cut: { bytes: MEBIBYTE / 2 } });
    const page = await startUndriven(name, `${siteUrl}/film.html#source=${encodeURIComponent(source.url)}`);
    try {
      assert.equal(await page.next(), 'ready');
      const before = new Map((await page.processes()).map(({ pid, peak }) => [pid, peak]));
      assert.equal(await page.next(), 'pulled');
      const growths = (await page.processes()).map(({ pid, peak }) => peak - (before.get(pid) ?? peak));
      assert.deepEqual(JSON.parse(await page.next()), { docsFailed: 0, attachments: 1, problems: [] });
      const answers = server.requests.all.filter(({ path }) => path.includes('film.mp4'));
      assert.ok(answers.length > 1);
      return { growth: Math.max(...growths), bytes: answers.reduce((sum, { bytes }) => sum + bytes, 0) };
    } finally {
      await page.close();
    }
  } finally {
    await server.close();
  }
}
