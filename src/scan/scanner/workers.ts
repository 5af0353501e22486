import { childController } from '../../core/abort.ts';
import type { Queue } from '../../jobs/queue.ts';
import { work } from '../../jobs/work.ts';
import type { JobEvent, JobHandler } from '../../jobs/worker.ts';
import { partType, scanType } from '../jobs/run-record.ts';
import type { ScannerControl } from './control.ts';

/** The workers of a scanner in this process, two for each plugin that it has: for the plugin's own job, and for parts of its scan. */
export class ScannerWorkers {
  readonly #queue: Queue;
  readonly #control: ScannerControl;
  readonly #handler: JobHandler;
  readonly #concurrency: number;
  readonly #onEvent: (plugin: string, event: JobEvent) => void;
  readonly #onError: (error: unknown) => void;
  readonly #working = new Map<string, { readonly ended: Promise<void>; end(): void }>();

  constructor(
    queue: Queue,
    control: ScannerControl,
    handler: JobHandler,
    concurrency: number,
    { onEvent, onError }: { onEvent: (plugin: string, event: JobEvent) => void; onError: (error: unknown) => void },
  ) {
    this.#queue = queue;
    this.#control = control;
    this.#handler = handler;
    this.#concurrency = concurrency;
    this.#onEvent = onEvent;
    this.#onError = onError;
  }

  /** Works for these plugins, and for no others. */
  async set(plugins: readonly string[]): Promise<void> {
    const gone = [...this.#working.keys()].filter((plugin) => !plugins.includes(plugin));
    await Promise.all(gone.map((plugin) => this.#end(plugin)));
    for (const plugin of plugins) if (!this.#working.has(plugin)) this.#begin(plugin);
  }

  /** Resolves when every job that was under way has been given back. */
  async end(): Promise<void> {
    await this.set([]);
  }

  #begin(plugin: string): void {
    const ending = childController();
    const { id } = this.#control;
    const follow = async (type: string, concurrency: number): Promise<void> => {
      for await (const event of work(this.#queue, type, this.#handler, { concurrency, signal: ending.signal })) {
        this.#onEvent(plugin, event);
      }
    };
    const run = async (): Promise<void> => {
      await this.#control.define(plugin);
      await Promise.all([follow(scanType(id, plugin), 1), follow(partType(id, plugin), this.#concurrency)]);
    };
    const ended = run().catch((error: unknown) => {
      if (!ending.signal.aborted) this.#onError(error);
    });
    this.#working.set(plugin, { ended, end: () => ending.abort() });
  }

  async #end(plugin: string): Promise<void> {
    const working = this.#working.get(plugin);
    this.#working.delete(plugin);
    working?.end();
    await working?.ended;
  }
}
