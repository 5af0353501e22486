import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InputError } from '../../../src/core/errors.ts';
import { couch } from '../../../src/couch/couch.ts';
import type { JobHandling } from '../../../src/jobs/handlers.ts';
import type { JobTypeOptions } from '../../../src/jobs/job-type.ts';
import type { JobHandler } from '../../../src/jobs/worker.ts';
import type { Kv } from '../../../src/kv/kv.ts';
import { pullJob, pullJobType } from '../../../src/pull/pull-job.ts';
import type { Registry } from '../../../src/registry/registry.ts';
import { openReplica } from '../../../src/replica/replica.ts';
import { find } from '../../../src/scan/find/find.ts';
import { secretRules } from '../../../src/scan/find/rules/secret-rules.ts';
import { conflicts } from '../../../src/scan/plugins/conflicts.ts';
import { ddocFeatures } from '../../../src/scan/plugins/ddoc-features.ts';
import { scanJob, scanJobType } from '../../../src/scan/scan-job.ts';
import { scanPlugins } from '../../../src/scan/scan-plugins.ts';
import type { Context } from '../context.ts';
import { openForSource } from '../directory.ts';
import { credentialsIn } from '../source.ts';
import type { Directories } from './directories.ts';

/** The types that this program brings along. */
export function ownHandlings(
  kv: Kv,
  directories: Directories,
  registry: Registry,
  environment: Context['environment'],
): Map<string, JobHandling> {
  const pulling = pullJob({
    // Without a directory of its own, a replica stands in the store of the queue.
    open: async (name, { target, source }) => {
      if (target === undefined) return openReplica(kv, name);
      return openForSource(await directories.open(target), target, couch.db(source));
    },
    credentials: (name) => credentialsIn(environment, name),
  });
  const scanning = scanJob({
    store: kv,
    // What plugins contribute of the same name comes first.
    plugins: [find([secretRules, { registry }]), ddocFeatures(), conflicts()].filter(
      ({ name }) => !registry.view(scanPlugins).keys().includes(name),
    ),
    registry,
    credentials: (name) => credentialsIn(environment, name),
  });
  return new Map([
    ['pull', { handler: pulling, type: pullJobType }],
    ['scan', { handler: scanning, type: scanJobType }],
  ]);
}

/**
 * The handlers of a module: a function for each type, by the type's name, as its exports or as the members of its default export. One
 * may carry the options of its type as `type`.
 *
 * @throws InputError when the module cannot be loaded, or has no handlers
 */
export async function handlingsOf(file: string): Promise<Map<string, JobHandling>> {
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await import(pathToFileURL(resolve(file)).href);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new InputError(`The handlers in ${JSON.stringify(file)} cannot be loaded: ${said}`, { cause: error });
  }
  const members = { ...(typeof module['default'] === 'object' ? module['default'] : {}), ...module };
  const handlings = new Map<string, JobHandling>();
  for (const [name, member] of Object.entries(members)) {
    if (typeof member !== 'function') continue;
    const type = 'type' in member && typeof member.type === 'object' ? (member.type as JobTypeOptions) : {};
    handlings.set(name, { handler: member as JobHandler, type });
  }
  if (handlings.size > 0) return handlings;
  throw new InputError(
    `The module ${JSON.stringify(file)} exports no handlers: a function for each type, by the name of the type`,
  );
}
