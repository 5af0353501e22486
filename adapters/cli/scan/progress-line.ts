import type { Progress } from '../../../src/scan/events.ts';
import type { Context } from '../context.ts';
import { duration, plural, printable } from '../wording.ts';

/** How often the line is drawn anew, in milliseconds. */
const REDRAW = 100;

/** One line of a terminal that is drawn again and again; nothing in pipes and logs. */
export class ScanProgressLine {
  readonly #stderr: Context['stderr'];
  readonly #isTerminal: boolean;
  readonly #begun = performance.now();
  #drawn = Number.NEGATIVE_INFINITY;
  #isShown = false;

  constructor(stderr: Context['stderr']) {
    this.#stderr = stderr;
    this.#isTerminal = stderr.isTTY === true;
  }

  draw(progress: Progress): void {
    const now = performance.now();
    if (!this.#isTerminal || now - this.#drawn < REDRAW) return;
    this.#drawn = now;
    this.#isShown = true;
    const line = scanProgress(progress, now - this.#begun).slice(0, (this.#stderr.columns ?? 80) - 1);
    this.#stderr.write(`\r${line}\x1b[K`);
  }

  /** Something that has to be known: it stays. */
  say(sentence: string): void {
    this.clear();
    this.#stderr.write(`${sentence}\n`);
  }

  clear(): void {
    if (this.#isShown) this.#stderr.write('\r\x1b[K');
    this.#isShown = false;
  }
}

/** Where the scan is, how fast, what it has found, and how long the database at hand may take. */
export function scanProgress({ db, documents, databases, findings, pending }: Progress, ms: number): string {
  const rate = ms > 0 ? (documents / ms) * 1000 : 0;
  const parts = [
    printable(db),
    plural(documents, 'document'),
    `${Math.round(rate).toLocaleString('en')}/s`,
    plural(databases, 'database'),
    plural(findings, 'finding'),
  ];
  if (pending !== undefined && pending > 0) {
    parts.push(`${pending.toLocaleString('en')} to come`);
    if (rate > 0) parts.push(`about ${duration((pending / rate) * 1000)} left`);
  }
  return parts.join(' · ');
}
