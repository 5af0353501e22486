/**
 * couchtide at its defaults, into the store that the setting `store` names: `memory` or `fs`. With the setting `memory`
 * of `flat`, it keeps its memory flat as the command line does.
 *
 * @module
 */
import { keepYoungGenerationSmall } from '../../adapters/cli/young-generation.ts';
import { fsKv } from '../../adapters/fs/index.ts';
import { couch } from '../../src/couch/couch.ts';
import { memoryKv } from '../../src/kv/memory.ts';
import { pull } from '../../src/pull/pull.ts';
import { openReplica } from '../../src/replica/replica.ts';
import { measure } from './measure.ts';

await measure(async ({ url, directory, settings }) => {
  if (settings['memory'] === 'flat') keepYoungGenerationSmall();
  const source = couch.db(url);
  const kv = settings['store'] === 'fs' ? await fsKv(directory) : memoryKv();
  const replica = await openReplica(kv, source.name);
  await pull(source, replica).done;
  return async () => {
    const { docCount } = await replica.info();
    let leaves: number | undefined;
    for await (const event of replica.verify()) {
      if (event.type === 'problem') throw new Error(event.message);
      if (event.type === 'summary') leaves = event.revisions;
    }
    return { documents: docCount, leaves: leaves ?? 0 };
  };
});
