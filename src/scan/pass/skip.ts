import { InputError } from '../../core/errors.ts';
import { loadPart } from '../../core/load-part.ts';

/** A pattern: a `RegExp` as it is, a text on an engine that takes linear time. */
export type TextPattern = RegExp | string;

/** What a scan passes over. Patterns may match anywhere in a name. */
export interface SkipOptions {
  /** Names of databases. */
  readonly skipDbs?: readonly TextPattern[];
  /** Ids of design documents, `_design/` included. As ordinary documents these are shown all the same. */
  readonly skipDdocs?: readonly TextPattern[];
  /** Ids of documents. */
  readonly skipDocs?: readonly TextPattern[];
}

type Matches = (text: string) => boolean;

/** What a scan passes over, ready to be asked. */
export interface SkipPatterns {
  readonly db: Matches;
  readonly ddoc: Matches;
  readonly doc: Matches;
  readonly hasDocs: boolean;
}

/** @throws InputError naming a pattern that cannot be used */
export async function skipPatterns({ skipDbs, skipDdocs, skipDocs }: SkipOptions): Promise<SkipPatterns> {
  return {
    db: await compile('skipDbs', skipDbs),
    ddoc: await compile('skipDdocs', skipDdocs),
    doc: await compile('skipDocs', skipDocs),
    hasDocs: skipDocs !== undefined && skipDocs.length > 0,
  };
}

async function compile(option: string, patterns: readonly TextPattern[] = []): Promise<Matches> {
  const native: RegExp[] = [];
  const written: string[] = [];
  for (const pattern of patterns) {
    // A copy: one that is global remembers where it has matched.
    if (pattern instanceof RegExp) native.push(new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')));
    else if (typeof pattern === 'string' && pattern !== '') written.push(pattern);
    else throw new InputError(`Option ${option} takes patterns, texts or RegExps, not ${JSON.stringify(pattern)}`);
  }
  const linear = written.length === 0 ? undefined : await linearSet(option, written);
  return (text) => native.some((pattern) => pattern.test(text)) || (linear?.(text) ?? false);
}

async function linearSet(option: string, patterns: readonly string[]): Promise<Matches> {
  const { linearEngine } = await loadPart(import('../find/linear.ts'));
  for (const source of patterns) {
    try {
      linearEngine.pattern({ source, flags: '' });
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      throw new InputError(`Option ${option} has a pattern that cannot be used, ${JSON.stringify(source)}: ${said}`, {
        cause: error,
      });
    }
  }
  const set = linearEngine.set(patterns.map((source) => ({ source, flags: '' })));
  return (text) => set(text).length > 0;
}
