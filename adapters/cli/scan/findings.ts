import { InputError } from '../../../src/core/errors.ts';
import type { Kv } from '../../../src/kv/kv.ts';
import { findings$, scans } from '../../../src/scan/state/findings.ts';
import { type Context, ExitCode } from '../context.ts';
import { withKnownStore } from './known-store.ts';
import { type OutputOptions, outputOf } from './output.ts';

/** The options of `couchtide findings`. */
export interface FindingsCommandOptions extends OutputOptions {
  readonly id?: string;
  readonly db?: string;
}

/** `couchtide findings <store>`: what the scans of a store have found, as far as it still holds. */
export function findingsCommand(
  directory: string,
  { id, db, ...options }: FindingsCommandOptions,
  version: string,
  context: Context,
): Promise<ExitCode> {
  return withKnownStore(directory, 'scan --store', { readOnly: true }, async (kv) => {
    const ids = await idsOf(kv, directory, id);
    const output = outputOf(options, context, { version });
    const wanted = { signal: context.signal, ...(db === undefined ? {} : { db }) };
    let found = 0;
    try {
      for (const scan of ids) {
        for await (const finding of findings$(kv, { id: scan, ...wanted })) {
          found += 1;
          await output.tell(finding);
        }
      }
    } finally {
      await output.end(undefined);
    }
    return found > 0 ? ExitCode.found : ExitCode.done;
  });
}

/** The scans whose findings are meant. */
async function idsOf(kv: Kv, directory: string, wanted: string | undefined): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const id of scans(kv)) ids.push(id);
  if (ids.length === 0) throw new InputError(`The directory ${JSON.stringify(directory)} keeps no scan`);
  if (wanted === undefined) return ids;
  if (ids.includes(wanted)) return [wanted];
  throw new InputError(
    `The directory ${JSON.stringify(directory)} keeps no scan ${JSON.stringify(wanted)}: there are ${ids.join(', ')}`,
  );
}
