import type { Failure, Finding, Report, ScanEvent, ScanSummary } from '../../../src/scan/events.ts';
import { logLine } from '../../../src/scan/report/log-line.ts';
import { sarif } from '../../../src/scan/report/sarif.ts';
import { type Context, write, writeJson } from '../context.ts';
import { errorLine } from '../failure.ts';
import { harmless, plural, printable } from '../wording.ts';

/** How what a scan tells is written. */
export interface Output {
  /** Everything but the end of the scan. */
  tell(event: Finding | Report | Failure): Promise<void>;
  /** The end, also of a scan that was broken off, which then has no summary. */
  end(summary: ScanSummary | undefined): Promise<void>;
}

/** The options that say how it is written. */
export interface OutputOptions {
  readonly json?: boolean;
  readonly sarif?: boolean;
  readonly log?: boolean;
}

/** @param told of what was scanned and by which version, for formats that say so */
export function outputOf(
  { json, sarif: asSarif, log }: OutputOptions,
  { stdout }: Context,
  told: { readonly source: string; readonly version: string },
): Output {
  if (json) return jsonOutput(stdout);
  if (asSarif) return sarifOutput(stdout, told);
  return log ? logOutput(stdout) : textOutput(stdout);
}

function jsonOutput(stdout: Context['stdout']): Output {
  return {
    tell: (event) => writeJson(stdout, event.type === 'failure' ? { ...event, error: errorLine(event.error) } : event),
    end: (summary) => (summary === undefined ? Promise.resolve() : writeJson(stdout, summary)),
  };
}

function logOutput(stdout: Context['stdout']): Output {
  return {
    async tell(event) {
      const line = logLine(event);
      if (line !== undefined) await write(stdout, `${harmless(line)}\n`);
    },
    end: () => Promise.resolve(),
  };
}

/** One log as a whole, written as it grows. */
function sarifOutput(stdout: Context['stdout'], told: { readonly source: string; readonly version: string }): Output {
  const waiting: Finding[] = [];
  let wake: () => void = () => {};
  let isOver = false;
  const findings = async function* (): AsyncGenerator<Finding, void, undefined> {
    for (;;) {
      const next = waiting.shift();
      if (next !== undefined) yield next;
      else if (isOver) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  };
  const writing = (async () => {
    for await (const piece of sarif(findings(), told)) await write(stdout, piece);
  })();
  // Told by `end`.
  writing.catch(() => {});
  return {
    async tell(event) {
      if (event.type !== 'finding') return;
      waiting.push(event);
      wake();
    },
    async end() {
      isOver = true;
      wake();
      await writing;
    },
  };
}

function textOutput(stdout: Context['stdout']): Output {
  return {
    async tell(event) {
      if (event.type === 'finding') await write(stdout, `${findingText(event)}\n`);
      if (event.type === 'report') await write(stdout, `${reportText(event)}\n`);
    },
    async end(summary) {
      if (summary !== undefined) await write(stdout, `${summaryText(summary)}\n`);
    },
  };
}

/** A finding on a line: where it is, what it is. */
export function findingText({ type: _, plugin, db, id, rev: _rev, ...details }: Finding): string {
  const place = id === undefined ? printable(db) : `${printable(db)} ${printable(id)}`;
  return `${plugin}  ${place}  ${pairs(details)}`;
}

function reportText({ type: _, plugin, db, ...details }: Report): string {
  return `${plugin}  ${db === undefined ? 'in all' : `in ${printable(db)}`}: ${pairs(details)}`;
}

function pairs(details: Readonly<Record<string, unknown>>): string {
  return Object.entries(details)
    .map(([name, value]) => `${name} ${harmless(typeof value === 'string' ? value : JSON.stringify(value))}`)
    .join(', ');
}

function summaryText({ databases, documents, designDocs, findings, failures, complete, plugins }: ScanSummary): string {
  const lines = [
    `${plural(findings, 'finding')} in ${plural(documents, 'document')} and ${plural(designDocs, 'design document')} of ${plural(databases, 'database')}`,
  ];
  if (failures > 0) lines.push(`${plural(failures, 'object')} could not be scanned`);
  for (const [plugin, { state }] of Object.entries(plugins)) {
    if (state !== 'finished') lines.push(`${plugin} is ${state}`);
  }
  if (!complete) lines.push('The scan is not complete');
  return lines.join('\n');
}

/** What is told of an event on the error stream, where people read. */
export function failureText({ plugin, callback, db, id, message, fatal }: Failure): string {
  const who = [plugin, callback].filter((part) => part !== undefined).join(' ');
  const where = [db, id]
    .filter((part) => part !== undefined)
    .map(printable)
    .join(' ');
  const what = [who, where].filter((part) => part !== '').join(' at ');
  return `${what === '' ? '' : `${what}: `}${harmless(message)}${fatal ? '; this plugin has ended' : ''}`;
}

/** Whether something of a scan is to be written. */
export function isTold(event: ScanEvent): event is Finding | Report | Failure {
  return event.type === 'finding' || event.type === 'report' || event.type === 'failure';
}
