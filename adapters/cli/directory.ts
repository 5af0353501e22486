import { InputError } from '../../src/core/errors.ts';
import type { Kv } from '../../src/kv/kv.ts';
import { sourceName } from '../../src/pull/identity.ts';
import { openReplica, type Replica, replicas } from '../../src/replica/replica.ts';

/**
 * The replica that a directory holds for pulling a source into. One directory is one replica: where it holds another
 * source already, it is refused.
 *
 * @throws InputError when the directory is taken
 */
export async function openForSource(
  kv: Kv,
  directory: string,
  source: { readonly name: string; readonly url: string },
): Promise<Replica> {
  for await (const name of replicas(kv)) {
    const replica = await openReplica(kv, name);
    const { updateSeq, checkpoints } = await replica.info();
    const origins = checkpoints.map(({ value }) => String(value['source']));
    const isEmpty = updateSeq === 0 && checkpoints.length === 0;
    // A first pull that came to nothing, with a mistyped name perhaps, must not keep the place.
    if (isEmpty && name !== source.name) await replica.destroy();
    else if (
      !isEmpty &&
      (name !== source.name || origins.some((origin) => sourceName(origin) !== sourceName(source.url)))
    ) {
      const what = origins[0] ?? `the database ${JSON.stringify(name)}`;
      throw new InputError(
        `The directory ${JSON.stringify(directory)} holds a replica of ${what}; pull ${source.url} into another one`,
      );
    }
  }
  return openReplica(kv, source.name);
}

/**
 * The replica that a directory holds.
 *
 * @throws InputError when it holds none, or several
 */
export async function openOnly(kv: Kv, directory: string): Promise<Replica> {
  const names: string[] = [];
  for await (const name of replicas(kv)) names.push(name);
  const [name, ...others] = names;
  if (name === undefined)
    throw new InputError(
      `The directory ${JSON.stringify(directory)} holds no replica yet; pull a database into it first`,
    );
  if (others.length > 0)
    throw new InputError(
      `The directory ${JSON.stringify(directory)} holds several replicas (${names.join(', ')}); this command takes one`,
    );
  return openReplica(kv, name);
}
