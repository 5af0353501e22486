import type { Pull } from '../../src/pull/pull.ts';
import type { PullEvent, PullStatus } from '../../src/pull/status.ts';
import type { Context } from './context.ts';
import { duration, harmless, plural, printable, size } from './wording.ts';

/** How often the line is drawn anew, in milliseconds. */
const REDRAW = 100;

/**
 * Shows how a pull goes, on one line of a terminal that is drawn again and again; in pipes and logs nothing but what has to
 * be known. Returns what ends it.
 */
export function showProgress(running: Pull, { stderr }: Context): () => void {
  const begun = performance.now();
  const isTerminal = stderr.isTTY === true;
  let drawn = Number.NEGATIVE_INFINITY;
  const clear = (): void => {
    if (isTerminal) stderr.write('\r\x1b[K');
  };
  const events = running.events$.subscribe((event) => {
    const sentence = sentenceOf(event);
    if (sentence === undefined) return;
    clear();
    stderr.write(`${sentence}\n`);
  });
  const statuses = running.status$.subscribe((status) => {
    const now = performance.now();
    if (!isTerminal || now - drawn < REDRAW || status.state !== 'catching-up') return;
    drawn = now;
    stderr.write(`\r${progressLine(status, now - begun).slice(0, (stderr.columns ?? 80) - 1)}\x1b[K`);
  });
  return () => {
    events.unsubscribe();
    statuses.unsubscribe();
    clear();
  };
}

/** Documents, rate, what is left, and how long that may take. */
export function progressLine({ docsWritten, docsRead, pending, bytes }: PullStatus, ms: number): string {
  const rate = ms > 0 ? (docsRead / ms) * 1000 : 0;
  const parts = [`${plural(docsWritten, 'document')}`, `${Math.round(rate).toLocaleString('en')}/s`, size(bytes)];
  if (pending !== undefined) {
    parts.push(`${pending.toLocaleString('en')} to come`);
    if (rate > 0 && pending > 0) parts.push(`about ${duration((pending / rate) * 1000)} left`);
  }
  return parts.join(' · ');
}

/** What somebody who waits for a pull has to know of an event, where that is anything. */
function sentenceOf(event: PullEvent): string | undefined {
  switch (event.type) {
    case 'failed':
      return `Could not have ${printable(event.id)} ${printable(event.rev)}: ${harmless(event.reason)}`;
    case 'retry':
      return `${harmless(messageOf(event.error))}; trying again in ${duration(event.delay)}`;
    case 'started':
      if (event.reason !== 'compared') return undefined;
      return 'No pull of this selection has been here before: comparing everything, and fetching only what is missing';
    case 'source-recreated':
      return 'The database was deleted and made anew since the last pull: reading all of it; what is here stays';
    case 'source-rewound':
      return 'The database has lost changes since the last pull, as after a restored backup: reading all of it; what is here stays';
    default:
      return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
