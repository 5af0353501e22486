/** A piece of code in the documentation. */
export interface Example {
  /** The file that it stands in. */
  readonly file: string;
  /** The line of its first line, from 1. */
  readonly line: number;
  /** What stands behind the opening fence: `ts`, `sh`. */
  readonly language: string;
  readonly code: string;
}

/** The fenced blocks of a Markdown text. */
export function markdownExamples(file: string, text: string): Example[] {
  return fencedBlocks(file, text.split('\n'), 1);
}

/** The blocks under each `@example` of the doc comments of a source file. */
export function docExamples(file: string, text: string): Example[] {
  return [...text.matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap((comment) => {
    const firstLine = text.slice(0, comment.index).split('\n').length;
    const lines = comment[0].split('\n').map((line) => line.replace(/^\s*\*(?: |(?=\/)|$)/, ''));
    return taggedParts(lines).flatMap(({ start, end }) => {
      const blocks = fencedBlocks(file, lines.slice(start, end), firstLine + start);
      if (blocks.length === 0) throw new Error(`${file}:${firstLine + start} has an @example without a fenced block`);
      return blocks;
    });
  });
}

/** Whether an example needs what browsers alone have. */
export function isForBrowsers({ code }: Example): boolean {
  return /from 'couchtide\/(indexeddb|worker)'/.test(code);
}

/** How a place in the documentation is told: `src/core/feed.ts:26`. */
export function placeOf({ file, line }: Pick<Example, 'file' | 'line'>): string {
  return `${file}:${line}`;
}

/** The lines from each `@example` to the next tag. */
function taggedParts(lines: readonly string[]): { start: number; end: number }[] {
  const tags = lines.flatMap((line, i) => (/^@\w/.test(line) && !isInsideFence(lines, i) ? [i] : []));
  return tags.flatMap((start, i) => {
    return lines[start]?.startsWith('@example') ? [{ start, end: tags[i + 1] ?? lines.length }] : [];
  });
}

function isInsideFence(lines: readonly string[], index: number): boolean {
  return lines.slice(0, index).filter((line) => line.startsWith('```')).length % 2 === 1;
}

function fencedBlocks(file: string, lines: readonly string[], firstLine: number): Example[] {
  const blocks: Example[] = [];
  let open: { language: string; index: number } | undefined;
  for (const [index, line] of lines.entries()) {
    if (!line.startsWith('```')) continue;
    if (open === undefined) {
      open = { language: line.slice(3).trim(), index };
      continue;
    }
    const code = `${lines.slice(open.index + 1, index).join('\n')}\n`;
    blocks.push({ file, line: firstLine + open.index + 1, language: open.language, code });
    open = undefined;
  }
  return blocks;
}
