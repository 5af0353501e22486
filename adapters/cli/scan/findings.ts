import { InputError } from '../../../src/core/errors.ts';
import { findings$, scans } from '../../../src/scan/state/findings.ts';
import { fsKv } from '../../fs/index.ts';
import { type Context, ExitCode } from '../context.ts';
import { type OutputOptions, outputOf } from './output.ts';

/** The options of `couchtide findings`. */
export interface FindingsCommandOptions extends OutputOptions {
  readonly id?: string;
  readonly db?: string;
}

/** `couchtide findings <store>`: what the scans of a store have found, as far as it still holds. */
export async function findingsCommand(
  directory: string,
  { id, db, ...options }: FindingsCommandOptions,
  version: string,
  context: Context,
): Promise<ExitCode> {
  const kv = await fsKv(directory, { readOnly: true });
  try {
    const ids: string[] = [];
    for await (const scan of scans(kv)) ids.push(scan);
    if (ids.length === 0) throw new InputError(`The directory ${JSON.stringify(directory)} keeps no scan`);
    if (id !== undefined && !ids.includes(id)) {
      throw new InputError(
        `The directory ${JSON.stringify(directory)} keeps no scan ${JSON.stringify(id)}: there are ${ids.join(', ')}`,
      );
    }
    const output = outputOf(options, context, { source: directory, version });
    let found = 0;
    for (const scan of id === undefined ? ids : [id]) {
      for await (const finding of findings$(kv, {
        id: scan,
        signal: context.signal,
        ...(db === undefined ? {} : { db }),
      })) {
        found += 1;
        await output.tell(finding);
      }
    }
    await output.end(undefined);
    return found > 0 ? ExitCode.found : ExitCode.done;
  } finally {
    await kv.close();
  }
}
