import { filter, firstValueFrom } from 'rxjs';
import type { JsonObject } from '../../../src/core/json-value.ts';
import { type Pull, pull } from '../../../src/pull/pull.ts';
import type { PullResult } from '../../../src/pull/status.ts';
import type { Replica, ReplicaInfo } from '../../../src/replica/replica.ts';
import type { FailedRevision } from '../../../src/replica/target.ts';
import { fsKv } from '../../fs/index.ts';
import { type Context, ExitCode, write, writeJson } from '../context.ts';
import { openForSource } from '../directory.ts';
import { errorLine } from '../failure.ts';
import { showProgress } from '../progress.ts';
import { openSource } from '../source.ts';
import { duration, harmless, plural, printable, size } from '../wording.ts';

/** The options of `couchtide pull`. */
export interface PullCommandOptions {
  readonly json?: boolean;
  readonly continuous?: boolean;
  readonly docId?: readonly string[];
  readonly history?: 'full' | 'leaves';
  readonly attachments?: boolean;
  readonly selector?: JsonObject;
}

/** `couchtide pull <database-url> <directory>`: brings a database onto disk, or what is new of it. */
export async function pullCommand(
  url: string,
  directory: string,
  options: PullCommandOptions,
  context: Context,
): Promise<ExitCode> {
  const source = openSource(url, context.environment);
  const kv = await fsKv(directory);
  try {
    const replica = await openForSource(kv, directory, source);
    const running = pull(source, replica, {
      signal: context.signal,
      mode: options.continuous ? 'continuous' : 'oneshot',
      ...(options.docId === undefined ? {} : { docIds: options.docId }),
      ...(options.selector === undefined ? {} : { selector: options.selector }),
      ...(options.history === undefined ? {} : { history: options.history }),
      ...(options.attachments === undefined ? {} : { attachments: options.attachments }),
    });
    const stopReporting = options.json ? reportAsJson(running, context) : showProgress(running, context);
    const result = await Promise.race([running.done, turnedAway(running)]).finally(stopReporting);
    const info = await replica.info();
    if (options.json) await writeJson(context.stdout, doneLine(result, info));
    else await write(context.stdout, summary(result, info, directory, await firstFailures(replica)));
    if (result.state === 'stopped') return ExitCode.interrupted;
    return info.failed > 0 ? ExitCode.found : ExitCode.done;
  } finally {
    await kv.close();
  }
}

/** Rejects when the source wants other credentials: a command cannot be given any while it runs. */
async function turnedAway(running: Pull): Promise<never> {
  const { error } = await firstValueFrom(running.status$.pipe(filter(({ state }) => state === 'auth-required')), {
    defaultValue: { error: undefined },
  });
  if (error === undefined) return new Promise(() => {});
  await running.stop();
  throw error;
}

/** Every event as a line of its own, but for the end, which has its own form. Returns what ends it. */
function reportAsJson({ events$ }: Pull, { stdout }: Context): () => void {
  const subscription = events$.subscribe((event) => {
    if (event.type === 'done' || event.type === 'error') return;
    stdout.write(`${JSON.stringify(event.type === 'retry' ? { ...event, error: errorLine(event.error) } : event)}\n`);
  });
  return () => subscription.unsubscribe();
}

function doneLine(
  { docsRead, docsWritten, attachments, requests, bytes, seq, ms, state }: PullResult,
  { failed }: ReplicaInfo,
): object {
  return {
    type: state === 'completed' ? 'done' : state,
    docs_read: docsRead,
    docs_written: docsWritten,
    docs_failed: failed,
    attachments,
    requests,
    bytes,
    last_seq: seq ?? null,
    ms: Math.round(ms),
  };
}

/** Failures that are listed one by one; `couchtide verify` lists all. */
const MOST_LISTED = 20;

async function firstFailures(replica: Replica): Promise<FailedRevision[]> {
  const failures: FailedRevision[] = [];
  for await (const failure of replica.failed()) {
    failures.push(failure);
    if (failures.length === MOST_LISTED) break;
  }
  return failures;
}

function summary(
  { docsWritten, attachments, requests, bytes, ms, state }: PullResult,
  info: ReplicaInfo,
  directory: string,
  failures: readonly FailedRevision[],
): string {
  const contents = attachments === 0 ? '' : ` and ${plural(attachments, 'attachment')}`;
  const lines = [
    `${state === 'stopped' ? 'Stopped: ' : ''}${plural(docsWritten, 'new revision')}${contents} in ${duration(ms)}, ${plural(requests, 'request')}, ${size(bytes)}`,
    `${printable(directory)} now holds ${plural(info.docCount, 'document')} and ${plural(info.docDelCount, 'tombstone')} of ${printable(info.name)}`,
  ];
  if (info.attachmentsMissing > 0) lines.push(`${plural(info.attachmentsMissing, 'attachment')} not fetched yet`);
  if (info.failed > 0)
    lines.push(
      `${plural(info.failed, 'revision or attachment', 'revisions or attachments')} could not be had; the next pull tries again`,
    );
  for (const { id, rev, attachment, reason, attempts } of failures) {
    const what = [id, rev, ...(attachment === undefined ? [] : [attachment])].map(printable).join(' ');
    lines.push(`  ${what}, tried ${plural(attempts, 'time')}: ${harmless(reason)}`);
  }
  if (info.failed > failures.length) lines.push(`  and ${info.failed - failures.length} more`);
  if (state === 'stopped') lines.push('Run the same command again to go on');
  return `${lines.join('\n')}\n`;
}
