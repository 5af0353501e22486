import { InputError } from '../core/errors.ts';
import { defineData } from '../registry/data/data-key.ts';
import type { Registry } from '../registry/registry.ts';
import type { JobTypeOptions } from './job-type.ts';
import type { JobHandler } from './worker.ts';

/** How the jobs of one type are worked on, and treated. */
export interface JobHandling {
  readonly handler: JobHandler;
  /** For who defines the type. */
  readonly type?: JobTypeOptions;
}

/**
 * The handlers that plugins contribute, by the type of the jobs. Of several for one type the first counts, by the order of
 * contributions.
 *
 * @example
 * ```ts
 * const registry = createRegistry();
 * registry.contribute(jobHandlers, constant({ greet: { handler: async ({ data }) => ({ said: `Hello ${data['name']}` }) } }));
 * const queue = createQueue(memoryKv());
 * await queue.defineType('greet');
 * await queue.add('greet', 'first', { name: 'Ada' });
 * const working = work(queue, 'greet', handlerIn(registry, 'greet')).subscribe();
 * (await queue.wait('greet', 'first'))?.info; // { said: 'Hello Ada' }
 * working.unsubscribe();
 * ```
 */
export const jobHandlers = /* @__PURE__ */ defineData<string, JobHandling>('couchtide/job-handlers', {
  same: Object.is,
});

/**
 * The handler that a registry has for a type of jobs, looked up before each job: one that takes its place counts from the next job
 * on. A job for which there is none fails, and is tried again.
 */
export function handlerIn(registry: Pick<Registry, 'view'>, type: string): { readonly find: () => JobHandler } {
  return {
    find: () => {
      const [first] = registry.view(jobHandlers).values(type);
      if (first === undefined) throw new InputError(`No plugin handles jobs of type ${JSON.stringify(type)}`);
      return first.handler;
    },
  };
}
