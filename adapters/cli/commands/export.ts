import { createWriteStream } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished, pipeline } from 'node:stream/promises';
import { InputError } from '../../../src/core/errors.ts';
import { memberText, objectMembers } from '../../../src/core/json-text.ts';
import type { RevisionText } from '../../../src/replica/read.ts';
import type { Replica } from '../../../src/replica/replica.ts';
import { fsKv } from '../../fs/index.ts';
import { type Context, ExitCode, write } from '../context.ts';
import { openOnly } from '../directory.ts';
import { fileName } from '../file-name.ts';
import { indentJson } from '../indent-json.ts';

/** The options of `couchtide export`. */
export interface ExportCommandOptions {
  readonly format?: 'ndjson' | 'files';
  readonly out?: string;
  readonly revs?: boolean;
  readonly conflicts?: boolean;
}

/** `couchtide export <directory>`: the documents of a replica as lines of JSON, or as a folder of files. */
export async function exportCommand(
  directory: string,
  options: ExportCommandOptions,
  context: Context,
): Promise<ExitCode> {
  const { format = 'ndjson', out, revs = false, conflicts = false } = options;
  if (format === 'files' && out === undefined)
    throw new InputError('Option --format files needs --out, the folder to write into');
  const kv = await fsKv(directory, { readOnly: true });
  try {
    const replica = await openOnly(kv, directory);
    const revisions = replica.texts({ revs, leaves: conflicts }).batches();
    if (format === 'files') await writeFiles(replica, revisions, out ?? '', context.signal);
    else await writeLines(revisions, out, context);
    return ExitCode.done;
  } finally {
    await kv.close();
  }
}

async function writeLines(
  revisions: AsyncIterable<readonly RevisionText[]>,
  out: string | undefined,
  { stdout, signal }: Context,
): Promise<void> {
  const stream = out === undefined ? stdout : createWriteStream(out);
  for await (const batch of revisions) {
    signal.throwIfAborted();
    await write(stream, batch.map(({ text }) => `${text}\n`).join(''));
  }
  if (stream === stdout) return;
  stream.end();
  await finished(stream);
}

/**
 * The winner of a document in a file named after its id, every other leaf in one named after its revision as well; the attachments
 * whose content is here in a folder beside it.
 */
async function writeFiles(
  replica: Replica,
  revisions: AsyncIterable<readonly RevisionText[]>,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0)
    throw new InputError(`The folder ${JSON.stringify(folder)} is not empty; name a new one`);
  let before: string | undefined;
  for await (const batch of revisions) {
    for (const { id, rev, text } of batch) {
      signal.throwIfAborted();
      const name = id === before ? `${fileName(id)}@${fileName(rev)}` : fileName(id);
      before = id;
      await writeFile(join(folder, `${name}.json`), `${indentJson(text)}\n`, { flag: 'wx' });
      await writeAttachments(replica, { id, rev, text }, join(folder, `${name}.attachments`), signal);
    }
  }
}

async function writeAttachments(
  replica: Replica,
  { id, rev, text }: Pick<RevisionText, 'id' | 'rev' | 'text'>,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const names = objectMembers(memberText(text, 0, '_attachments') ?? '{}', 0).map(({ name }) => name);
  for (const name of new Set(names)) {
    const attachment = await replica.attachment(id, name, { rev });
    if (attachment === undefined || !(await replica.hasContent([attachment.digest])).has(attachment.digest)) continue;
    await mkdir(folder, { recursive: true });
    const file = createWriteStream(join(folder, fileName(name)), { flags: 'wx' });
    await pipeline(attachment.bytes(), file, { signal });
  }
}
