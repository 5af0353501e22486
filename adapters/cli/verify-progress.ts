import type { VerifyProgress } from '../../src/replica/verify/event.ts';
import type { Context } from './context.ts';
import { duration } from './wording.ts';

/** How often the line is drawn anew, in milliseconds. */
const REDRAW = 100;

/** One line of a terminal that is drawn again and again; nothing in pipes and logs. */
export class VerifyProgressLine {
  readonly #stderr: Context['stderr'];
  readonly #isTerminal: boolean;
  /** The part that is being read, and since when. */
  #part: VerifyProgress['part'] | undefined;
  #begun = 0;
  #drawn = Number.NEGATIVE_INFINITY;

  constructor(stderr: Context['stderr']) {
    this.#stderr = stderr;
    this.#isTerminal = stderr.isTTY === true;
  }

  draw(progress: VerifyProgress): void {
    const now = performance.now();
    if (progress.part !== this.#part) this.#begun = now;
    this.#part = progress.part;
    if (!this.#isTerminal || now - this.#drawn < REDRAW) return;
    this.#drawn = now;
    const line = verifyProgress(progress, now - this.#begun).slice(0, (this.#stderr.columns ?? 80) - 1);
    this.#stderr.write(`\r${line}\x1b[K`);
  }

  clear(): void {
    if (this.#isTerminal) this.#stderr.write('\r\x1b[K');
  }
}

/** What is read, how far, how fast, and how long it may take. */
export function verifyProgress({ part, documents, expected }: VerifyProgress, ms: number): string {
  const rate = ms > 0 ? (documents / ms) * 1000 : 0;
  const of = expected === undefined ? '' : ` of ${expected.toLocaleString('en')}`;
  const parts = [`The ${part}: ${documents.toLocaleString('en')}${of} documents`];
  if (rate > 0) {
    parts.push(`${Math.round(rate).toLocaleString('en')}/s`);
    if (expected !== undefined && expected > documents)
      parts.push(`about ${duration(((expected - documents) / rate) * 1000)} left`);
  }
  return parts.join(' · ');
}
