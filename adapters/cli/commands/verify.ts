import type { RetryNotice } from '../../../src/couch/request/retry.ts';
import { pullId } from '../../../src/pull/identity.ts';
import { settingsOf } from '../../../src/pull/options.ts';
import type { Replica } from '../../../src/replica/replica.ts';
import type { VerifyEvent, VerifyFailure, VerifyProblem, VerifySummary } from '../../../src/replica/verify/event.ts';
import { fsKv } from '../../fs/index.ts';
import { type Context, ExitCode, write, writeJson } from '../context.ts';
import { openOnly } from '../directory.ts';
import { sentence } from '../failure.ts';
import { openSource } from '../source.ts';
import { VerifyProgressLine } from '../verify-progress.ts';
import { duration, harmless, plural, printable, size } from '../wording.ts';

/** The options of `couchtide verify`. */
export interface VerifyCommandOptions {
  readonly partial?: boolean;
  readonly json?: boolean;
}

/** `couchtide verify <directory> [database-url]`: checks a replica in itself, and against its source. */
export async function verifyCommand(
  directory: string,
  url: string | undefined,
  { partial = false, json = false }: VerifyCommandOptions,
  context: Context,
): Promise<ExitCode> {
  const { stdout, stderr, signal } = context;
  const progress = new VerifyProgressLine(stderr);
  const onRetry = ({ error, delay }: RetryNotice): void => {
    progress.clear();
    stderr.write(`${sentence(error)}; trying again in ${duration(delay)}\n`);
  };
  const source =
    url === undefined
      ? undefined
      : openSource(url, context.environment).metered({ traffic: { requests: 0, bytes: 0 }, onRetry });
  const kv = await fsKv(directory, { readOnly: true });
  try {
    const replica = await openOnly(kv, directory);
    let problems = 0;
    let absent = 0;
    for await (const event of replica.verify({ partial, signal, ...(source === undefined ? {} : { source }) })) {
      if (event.type === 'progress') {
        progress.draw(event);
        continue;
      }
      if (event.type === 'problem') {
        problems += 1;
        if (event.kind === 'source' && event.surplus === undefined) absent += 1;
      }
      progress.clear();
      await (json ? writeJson(stdout, event) : write(stdout, `${lineOf(event)}\n`));
    }
    if (source !== undefined && absent > 0 && !(await wasPulledWhole(replica, source.url))) {
      stderr.write('Only some documents were pulled from there, it seems; with --partial the others are not missed\n');
    }
    return problems > 0 ? ExitCode.found : ExitCode.done;
  } finally {
    progress.clear();
    await kv.close();
  }
}

/** Whether a pull has brought all documents of a source: it has left its checkpoint under the name of no selection. */
async function wasPulledWhole(replica: Replica, url: string): Promise<boolean> {
  for (const history of ['full', 'leaves'] as const) {
    const id = await pullId(url, settingsOf({ history }).selection);
    if ((await replica.readCheckpoint(id)) !== undefined) return true;
  }
  return false;
}

function lineOf(event: Exclude<VerifyEvent, { type: 'progress' }>): string {
  if (event.type === 'problem') return problemLine(event);
  return event.type === 'failed' ? failureLine(event) : summaryLines(event);
}

function problemLine({ kind, message, id, rev, key, missing = [], surplus = [] }: VerifyProblem): string {
  const where = [id, rev].filter((part) => part !== undefined).map(printable);
  if (key !== undefined) where.push(printable(key.join('/')));
  const differences = [
    ...(missing.length > 0 ? [`only the source has ${missing.map(printable).join(', ')}`] : []),
    ...(surplus.length > 0 ? [`only the replica has ${surplus.map(printable).join(', ')}`] : []),
  ];
  return `${[kind, ...where].join(' ')}: ${[harmless(message), ...differences].join('; ')}`;
}

function failureLine({ id, rev, reason, attempts }: VerifyFailure): string {
  return `not had yet ${printable(id)} ${printable(rev)}, tried ${plural(attempts, 'time')}: ${harmless(reason)}`;
}

function summaryLines({ documents, revisions, bytes, problems, reclaimable, source }: VerifySummary): string {
  const lines = [
    `${problems === 0 ? 'Sound' : plural(problems, 'problem')}: ${plural(documents, 'document')} with ${plural(revisions, 'revision')}, ${size(bytes)}`,
  ];
  if (reclaimable !== undefined && reclaimable.bytes > 0)
    lines.push(`${size(reclaimable.bytes)} are no longer used by any document`);
  if (source !== undefined) {
    lines.push(
      `The source has ${plural(source.documents, 'document')}; ${source.newer.toLocaleString('en')} changed after the last pull`,
    );
  }
  return lines.join('\n');
}
