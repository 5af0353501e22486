import type { VerifyEvent, VerifyFailure, VerifyProblem, VerifySummary } from '../../../src/replica/verify-event.ts';
import { fsKv } from '../../fs/index.ts';
import { type Context, ExitCode, write, writeJson } from '../context.ts';
import { openOnly } from '../directory.ts';
import { openSource } from '../source.ts';
import { harmless, plural, printable, size } from '../wording.ts';

/** The options of `couchtide verify`. */
export interface VerifyCommandOptions {
  readonly partial?: boolean;
  readonly json?: boolean;
}

/** How often the progress is drawn anew, in milliseconds. */
const REDRAW = 100;

/** `couchtide verify <directory> [database-url]`: checks a replica in itself, and against its source. */
export async function verifyCommand(
  directory: string,
  url: string | undefined,
  { partial = false, json = false }: VerifyCommandOptions,
  context: Context,
): Promise<ExitCode> {
  const source = url === undefined ? undefined : openSource(url, context.environment);
  const kv = await fsKv(directory, { readOnly: true });
  const progress = new ProgressLine(context);
  try {
    const replica = await openOnly(kv, directory);
    const { signal } = context;
    let exitCode: ExitCode = ExitCode.done;
    for await (const event of replica.verify({ partial, signal, ...(source === undefined ? {} : { source }) })) {
      if (event.type === 'problem') exitCode = ExitCode.found;
      if (event.type === 'progress') progress.draw(event.part, event.documents, event.expected);
      else {
        progress.clear();
        if (json) await writeJson(context.stdout, event);
        else await write(context.stdout, `${lineOf(event)}\n`);
      }
    }
    return exitCode;
  } finally {
    progress.clear();
    await kv.close();
  }
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
  return `${kind} ${where.join(' ')}: ${[harmless(message), ...differences].join('; ')}`;
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

/** One line of a terminal that is drawn again and again; nothing in pipes and logs. */
class ProgressLine {
  readonly #stderr: Context['stderr'];
  #drawn = Number.NEGATIVE_INFINITY;

  constructor({ stderr }: Context) {
    this.#stderr = stderr;
  }

  draw(part: 'source' | 'replica', documents: number, expected: number | undefined): void {
    const now = performance.now();
    if (this.#stderr.isTTY !== true || now - this.#drawn < REDRAW) return;
    this.#drawn = now;
    const of = expected === undefined ? '' : ` of ${expected.toLocaleString('en')}`;
    this.#stderr.write(`\r${documents.toLocaleString('en')}${of} documents of the ${part}\x1b[K`);
  }

  clear(): void {
    if (this.#stderr.isTTY === true && Number.isFinite(this.#drawn)) this.#stderr.write('\r\x1b[K');
  }
}
