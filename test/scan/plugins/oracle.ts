import { readFileSync } from 'node:fs';
import { type CouchServer, startServer } from '../../../demo/server/index.ts';

/** A section of a configuration. */
export type Section = Readonly<Record<string, string>>;

/** What CouchDB's own scanner was configured with, and what it wrote into its log. */
export interface OracleRun {
  readonly name: string;
  readonly plugin: string;
  readonly config: Readonly<Record<string, Section>>;
  readonly extraDatabase?: OracleDatabase;
  readonly crashed?: boolean;
  readonly lines: readonly { readonly level: string; readonly line: string }[];
}

interface OracleDatabase {
  readonly name: string;
  readonly docs: readonly { readonly _id: string }[];
}

/** A server with the databases that CouchDB's own scanner was run on. */
export async function startOracleServer(): Promise<CouchServer> {
  const server = await startServer();
  const { databases } = read<{ readonly databases: readonly OracleDatabase[] }>('fixture');
  for (const database of databases) addDatabase(server, database);
  return server;
}

/** Adds one of its databases. */
export function addDatabase(server: CouchServer, { name, docs }: OracleDatabase): void {
  // At once, as some of the design documents would let no other document in.
  const all = docs.map((doc) => ({ ...doc }));
  server.createDatabase(name).bulkDocs(all, { newEdits: false });
}

/** The runs of a plugin, in every version that has it, each with a name. */
export function runsOf(plugin: string): [string, OracleRun][] {
  return ['3.4.3', '3.5.0', '3.5.2'].flatMap((version) =>
    read<{ readonly runs: readonly OracleRun[] }>(`log-${version}`)
      .runs.filter((run) => run.plugin === plugin)
      .map((run): [string, OracleRun] => [`${version} ${run.name}`, run]),
  );
}

/** What it found: its warnings, which stand in an order of their own. */
export function warningsOf({ lines }: OracleRun): string[] {
  return lines.filter(({ level }) => level === 'warning').map(({ line }) => line);
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../oracle/scanner/${name}.json`, import.meta.url), 'utf8'));
}
