/**
 * `npm run bench:find -- [options]`: what `find` takes for a document, beside what it takes to parse it.
 *
 * All that is measured is measured in turn, as often as there are rounds. Figures are medians and go to stdout, as Markdown.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { find } from '../../src/scan/find/find.ts';
import { parseRules } from '../../src/scan/find/rules/parse-rules.ts';
import { secretRules } from '../../src/scan/find/rules/secret-rules.ts';
import type { FindPatterns } from '../../src/scan/find/tagged-rules.ts';
import type { ScanContext, ScanDb, ScanDoc } from '../../src/scan/plugin.ts';
import { nativePatterns, textPatterns } from './patterns.ts';
import { formatTable } from './report.ts';
import { summarize } from './statistics.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { documents: text, rounds: text, rules: text } });
const documents = number('documents', values.documents ?? '20000');
const rounds = number('rounds', values.rounds ?? '5');

const contestants: readonly (readonly [name: string, patterns: FindPatterns])[] = [
  ['20 patterns given as text', textPatterns()],
  ['20 patterns as RegExp', nativePatterns()],
  ['secretRules', secretRules],
  ...(values.rules === undefined
    ? []
    : [[values.rules, (await parseRules(await readFile(values.rules, 'utf8'))).rules] as const]),
];

const WORDS =
  'the quick brown fox jumps over a lazy dog kitchen recipe butter flour sugar basket spoon oven bread salt'.split(' ');

const docs = Array.from({ length: documents }, (_, i) => document(i));
const length = docs.reduce((sum, doc) => sum + doc.text.length, 0) / docs.length;
const runs = [
  {
    name: 'JSON.parse',
    run: async (): Promise<void> => {
      for (const doc of docs) JSON.parse(doc.text);
    },
    findings: () => 0,
  },
  ...(await Promise.all(contestants.map(([name, patterns]) => prepare(name, patterns)))),
];
const times = new Map(runs.map(({ name }) => [name, [] as number[]]));
// The first round is for the compilers.
for (let round = 0; round <= rounds; round += 1) {
  for (const { name, run } of runs) {
    const start = performance.now();
    await run();
    if (round > 0) times.get(name)?.push(((performance.now() - start) * 1000) / docs.length);
  }
}
console.log(
  `## find\n\nNode.js ${process.version}, ${docs.length} documents of ${length.toFixed(0)} characters, one in fifty with a secret.\n`,
);
const rows = runs.map(({ name, findings }) => {
  const { median = 0, least = 0, most = 0 } = summarize(times.get(name) ?? []) ?? {};
  return [name, ...[median, least, most].map((time) => time.toFixed(1)), String(findings())];
});
console.log(formatTable([['', 'µs a document', 'least', 'most', 'findings'], ...rows]).join('\n'));

async function prepare(name: string, patterns: FindPatterns) {
  const plugin = find(patterns);
  let found = 0;
  const context: ScanContext = {
    scan: 'bench',
    plugin: plugin.name,
    found: () => {
      found += 1;
    },
    report: () => {},
    write: async () => {},
    signal: new AbortController().signal,
  };
  const db: ScanDb = {
    name: 'bench',
    info: async () => ({ docCount: docs.length, docDelCount: 0, updateSeq: '0' }),
    designDocInfo: async () => undefined,
    revisions: async () => [],
  };
  const answer = await plugin.start(context, undefined);
  if (!('state' in answer)) throw new Error('find did not start');
  const run = async (): Promise<void> => {
    found = 0;
    for (const doc of docs) {
      const ofId = plugin.docId?.(answer.state, db, doc.id, context);
      if (ofId !== undefined) await ofId;
      const ofBody = plugin.doc?.(answer.state, db, doc, context);
      if (ofBody !== undefined) await ofBody;
    }
  };
  return { name, run, findings: () => found };
}

/** A document as applications have them: short texts in members of members. */
function document(i: number): ScanDoc {
  const words = (count: number, from: number): string =>
    Array.from({ length: count }, (_, n) => WORDS[(i * 7 + from + n * 5) % WORDS.length]).join(' ');
  const body = {
    type: 'recipe',
    name: words(3, 0),
    description: `${words(12, 1)}${i % 3 === 0 ? '\n' : ' '}${words(3, 2)}`,
    tags: [words(1, 3), words(1, 4), words(1, 5)],
    author: { name: words(2, 6), mail: `${words(1, 7)}@example.com`, id: i },
    steps: [{ text: words(4, 8) }, { text: words(5, 9) }],
    notes: `${words(10, 10)}${i % 50 === 0 ? ' AKIAIOSFODNN7EXAMPLE' : ''}`,
    isPublic: i % 2 === 0,
  };
  const [id, rev] = [`recipe-${i}`, `1-${i.toString(16).padStart(32, '0')}`];
  return { id, rev, deleted: false, body, attachments: [], text: JSON.stringify({ _id: id, _rev: rev, ...body }) };
}

function number(name: string, value: string): number {
  if (/^[1-9]\d*$/.test(value)) return Number(value);
  throw new Error(`Option --${name} takes a whole number from 1, not ${JSON.stringify(value)}`);
}
