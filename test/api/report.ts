import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel, ExtractorMessageCategory } from '@microsoft/api-extractor';

/** The public types of one entry of the package. */
export interface ApiReport {
  /** The report as it is checked in. */
  readonly text: string;
  /** Types that the public ones mention and that the entry does not export. */
  readonly unexported: readonly string[];
}

const top = join(import.meta.dirname, '..', '..');

/** The names of the entries whose types are public: one for each subpath of package.json. */
export async function publicEntries(): Promise<string[]> {
  const manifest: { exports: Record<string, unknown> } = JSON.parse(await readFile(join(top, 'package.json'), 'utf8'));
  return Object.keys(manifest.exports)
    .filter((subpath) => subpath !== './package.json')
    .map((subpath) => (subpath === '.' ? 'index' : subpath.slice(2)));
}

/** Where the report of an entry is checked in. */
export function reportPath(entry: string): string {
  return join(import.meta.dirname, `${entry}.api.md`);
}

/** Describes the public types of an entry as they were built into `dist`. */
export async function describeApi(entry: string): Promise<ApiReport> {
  const folder = await mkdtemp(join(tmpdir(), 'couchtide-api-'));
  try {
    const unexported: string[] = [];
    const problems: string[] = [];
    Extractor.invoke(configure(entry, folder), {
      localBuild: true,
      messageCallback: (message) => {
        message.handled = true;
        if (message.messageId === 'ae-forgotten-export') unexported.push(quotedName(message.text));
        else if (isProblem(message.category, message.logLevel)) problems.push(message.formatMessageWithLocation(top));
      },
    });
    if (problems.length > 0) throw new Error(`The types of ${entry} cannot be described:\n${problems.join('\n')}`);
    return { text: await readFile(join(folder, `${entry}.api.md`), 'utf8'), unexported };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function configure(entry: string, folder: string): ExtractorConfig {
  const quiet = { logLevel: ExtractorLogLevel.None };
  return ExtractorConfig.prepare({
    packageJsonFullPath: join(top, 'package.json'),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: top,
      mainEntryPointFilePath: join(top, 'dist', `${entry}.d.ts`),
      newlineKind: 'lf',
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'es2022',
            module: 'nodenext',
            lib: ['es2022', 'webworker'],
            types: [],
            skipLibCheck: true,
          },
          files: [join('dist', `${entry}.d.ts`)],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: `${entry}.api.md`,
        reportFolder: folder,
        reportTempFolder: join(folder, 'new'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      messages: {
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.Warning },
          // Everything that is exported is public: there are no other releases to tell apart.
          'ae-missing-release-tag': quiet,
          // test/house/docs.test.ts asks for documentation, of exports rather than of every member.
          'ae-undocumented': quiet,
        },
        tsdocMessageReporting: { default: quiet },
      },
    },
  });
}

function isProblem(category: ExtractorMessageCategory, level: ExtractorLogLevel): boolean {
  if (category === ExtractorMessageCategory.Console) return level === ExtractorLogLevel.Error;
  return level === ExtractorLogLevel.Error || level === ExtractorLogLevel.Warning;
}

/** The name in `The symbol "Name" needs to be exported by the entry point index.d.ts`. */
function quotedName(text: string): string {
  return /"([^"]+)"/.exec(text)?.[1] ?? text;
}
