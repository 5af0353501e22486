import { TransformStream } from 'node:stream/web';
import type { Failure, Finding, Report, ScanEvent, ScanSummary } from '../../../src/scan/events.ts';
import { couch4Report } from '../../../src/scan/plugins/couch4-report.ts';
import type { FeatureCounts } from '../../../src/scan/plugins/count-features.ts';
import { logLine } from '../../../src/scan/report/log-line.ts';
import { type SarifOptions, sarif } from '../../../src/scan/report/sarif.ts';
import type { ScannerEvent } from '../../../src/scan/scanner/scanner.ts';
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

/** @param told of what was scanned, and by which version, for formats that say so */
export function outputOf(
  { json, sarif: asSarif, log }: OutputOptions,
  { stdout }: Context,
  told: SarifOptions,
): Output {
  if (json) return jsonOutput(stdout);
  if (asSarif) return sarifOutput(stdout, told);
  return log ? logOutput(stdout) : textOutput(stdout);
}

function jsonOutput(stdout: Context['stdout']): Output {
  return {
    tell: (event) => writeJson(stdout, jsonEvent(event)),
    end: (summary) => (summary === undefined ? Promise.resolve() : writeJson(stdout, summary)),
  };
}

/** An event as `--json` tells it: errors are objects that say something there. */
export function jsonEvent(event: ScannerEvent): object {
  if ((event.type !== 'failure' && event.type !== 'job') || event.error === undefined) return event;
  return { ...event, error: errorLine(event.error) };
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

/** One log as a whole, written as it grows: each finding is waited for until it is taken, so that none of them pile up. */
function sarifOutput(stdout: Context['stdout'], told: SarifOptions): Output {
  const { readable, writable } = new TransformStream<Finding, Finding>();
  const findings = writable.getWriter();
  const writing = (async () => {
    for await (const piece of sarif(readable, told)) await write(stdout, piece);
  })();
  // What breaks it is told by `tell` and `end`.
  writing.catch(() => {});
  return {
    async tell(event) {
      if (event.type === 'finding') await Promise.race([writing, findings.write(event)]);
    },
    async end() {
      await Promise.race([writing, findings.close()]);
      await writing;
    },
  };
}

function textOutput(stdout: Context['stdout']): Output {
  let features: FeatureCounts = {};
  return {
    async tell(event) {
      if (event.type === 'finding') await write(stdout, `${findingText(event)}\n`);
      if (event.type !== 'report') return;
      await write(stdout, `${reportText(event)}\n`);
      if (event.plugin === 'ddoc_features' && event.db === undefined) features = event['features'] as FeatureCounts;
    },
    async end(summary) {
      if (summary === undefined) return;
      for (const line of [...summaryLines(summary), ...couch4Report(features)]) await write(stdout, `${line}\n`);
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
    .map(([name, value]) => harmless(`${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`))
    .join(', ');
}

function summaryLines({
  databases,
  documents,
  designDocs,
  findings,
  failures,
  complete,
  plugins,
}: ScanSummary): string[] {
  const lines = [
    `${plural(findings, 'finding')} in ${plural(documents, 'document')} and ${plural(designDocs, 'design document')} of ${plural(databases, 'database')}`,
  ];
  if (failures > 0) lines.push(`${plural(failures, 'object')} could not be scanned`);
  for (const [plugin, { state }] of Object.entries(plugins)) {
    if (state !== 'finished') lines.push(`${plugin} is ${state}`);
  }
  if (!complete) lines.push('The scan is not complete');
  return lines;
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
