import { childController } from '../../core/abort.ts';
import type { Sequence } from '../../couch/feed/sequence.ts';
import { compareIds } from '../../replica/document-key.ts';
import type { ScanEvent } from '../events.ts';
import { commitRuns, drain, type Pass } from './pass.ts';
import { goingRuns, scanPass } from './scan-pass.ts';

/**
 * Goes on with what changes, as it changes, until no run wants more or the signal aborts: where a database has changed, what is new
 * in it is shown to the plugins, each from where it stands.
 *
 * @param mark before the first passage over the data
 */
export async function* scanLive(
  pass: Pass,
  mark: Sequence | undefined,
): AsyncGenerator<readonly ScanEvent[], void, undefined> {
  for (const kept of goingRuns(pass)) pass.outbox.push(...(await kept.settle()));
  yield drain(pass);
  const ending = childController(pass.signal);
  const changed = new Changed();
  pass.source
    .follow(mark, (names) => changed.add(names), ending.signal)
    .then(
      () => changed.end(new Error('The source tells of no more changes')),
      (error: unknown) => changed.end(error),
    );
  try {
    while (goingRuns(pass).length > 0) {
      const names = await changed.next();
      const databases = names.sort(compareIds).flatMap((name) => pass.source.open(name) ?? []);
      for (const kept of goingRuns(pass)) kept.startRound();
      if (!(yield* scanPass(pass, [databases]))) return;
      await commitRuns(pass, pass.runs, true);
      yield drain(pass);
    }
  } finally {
    ending.abort();
    ending.release();
  }
}

/** Names that are waited for, each once. */
class Changed {
  #names = new Set<string>();
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  add(names: readonly string[]): void {
    for (const name of names) this.#names.add(name);
    if (this.#names.size > 0) this.#wake?.();
  }

  end(error: unknown): void {
    this.#failure = { error };
    this.#wake?.();
  }

  /** Waits for some, and takes them. */
  async next(): Promise<string[]> {
    if (this.#names.size === 0 && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#names.size === 0 && this.#failure !== undefined) throw this.#failure.error;
    const names = [...this.#names];
    this.#names = new Set();
    return names;
  }
}
