import { join, relative } from 'node:path';
import ts from 'typescript';
import { type Example, placeOf } from './examples.ts';

/** An example made into a module: what it takes from the sources without saying so is imported. */
export interface ExampleModule {
  readonly example: Example;
  /** The statements before the example, all in one line: imports, and the values of the stage that it uses. */
  readonly preamble: string;
}

/** What the compiler says about a set of examples. */
export interface CheckedExamples {
  readonly modules: readonly ExampleModule[];
  /** Each a sentence with its place. */
  readonly problems: readonly string[];
}

/**
 * What an example may use as if it were already there; written so that the names in it are found like its own.
 */
const STAGE: Readonly<Record<string, string>> = {
  kv: 'const kv = memoryKv();',
  replica: `const replica = await openReplica(memoryKv(), 'recipes');`,
  server: `const server = couch('http://127.0.0.1:5984');`,
  db: `const db = couch.db('http://127.0.0.1:5984/recipes');`,
};

/** "Cannot find name", the same with a guess at what was meant, and the same for a shorthand property. */
const UNKNOWN_NAMES: ReadonlySet<number> = new Set([2304, 2552, 18004]);

/** Rounds in which names are looked up: the example's own, those of the stage that it needs, and one to see that all is well. */
const ROUNDS = 3;

/**
 * Compiles examples against the sources. A name that an example uses without an import is looked for among the exports of
 * the file that the example stands in, of the public face, and then of all sources, and on the stage.
 *
 * @param top the top of the repository
 * @param sources the paths of the source files
 */
export function checkExamples(top: string, sources: readonly string[], examples: readonly Example[]): CheckedExamples {
  let modules: ExampleModule[] = examples.map((example) => ({ example, preamble: '' }));
  let program: ts.Program | undefined;
  for (let round = 1; ; round++) {
    program = compile(top, sources, modules, program);
    const found = diagnose(program, top, modules);
    const unknown = found.filter(({ name }) => name !== undefined);
    if (unknown.length === 0 || round === ROUNDS) return { modules, problems: found.map(({ message }) => message) };
    const exported = exportsOf(program, top, sources);
    modules = modules.map((module, i) => {
      const names = new Set(unknown.flatMap(({ index, name }) => (index === i && name !== undefined ? [name] : [])));
      const added = [...names].map((name) => statementFor(name, module.example, exported) ?? '');
      return { ...module, preamble: `${added.filter((text) => text !== '').join(' ')} ${module.preamble}`.trim() };
    });
  }
}

/** The text of a module, in which the first line of the example is the second. */
export function moduleText({ example, preamble }: ExampleModule): string {
  return `${preamble}\n${example.code}\nexport {};\n`;
}

interface Finding {
  /** Which example. */
  readonly index: number;
  /** The name that is not known, when that is what is wrong. */
  readonly name: string | undefined;
  readonly message: string;
}

/** Where something is exported, and whether it exists at run time. */
interface Exported {
  readonly file: string;
  readonly value: boolean;
}

function compile(
  top: string,
  sources: readonly string[],
  modules: readonly ExampleModule[],
  previous?: ts.Program,
): ts.Program {
  const read = ts.readConfigFile(join(top, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(read.config, ts.sys, top);
  const compilerOptions: ts.CompilerOptions = {
    ...options,
    // What readers write in their own projects need not follow the strictest rules of this one.
    noPropertyAccessFromIndexSignature: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
    paths: { couchtide: [join(top, 'src/index.ts')], 'couchtide/*': [join(top, 'adapters/*/index.ts')] },
  };
  const texts = new Map(modules.map((module, i) => [moduleFile(top, i), moduleText(module)]));
  const host = ts.createCompilerHost(compilerOptions, true);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (path) => texts.has(path) || fileExists(path);
  host.readFile = (path) => texts.get(path) ?? readFile(path);
  host.getSourceFile = (path, languageVersion, ...rest) => {
    const known = previous?.getSourceFile(path);
    const text = texts.get(path);
    if (text !== undefined) return ts.createSourceFile(path, text, languageVersion, true);
    return known ?? getSourceFile(path, languageVersion, ...rest);
  };
  return ts.createProgram([...texts.keys(), ...sources.map((path) => join(top, path))], compilerOptions, host);
}

/** A path at which nothing is; the examples are compiled as if they lay there. */
function moduleFile(top: string, index: number): string {
  return join(top, 'test', 'house', 'examples', `${index}.ts`);
}

function diagnose(program: ts.Program, top: string, modules: readonly ExampleModule[]): Finding[] {
  return modules.flatMap(({ example }, index) => {
    const file = program.getSourceFile(moduleFile(top, index));
    if (file === undefined) throw new Error(`The example at ${placeOf(example)} was not compiled`);
    const diagnostics = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    return diagnostics.map(({ start = 0, length = 0, code, messageText }) => {
      const line = example.line + Math.max(0, file.getLineAndCharacterOfPosition(start).line - 1);
      return {
        index,
        name: UNKNOWN_NAMES.has(code) ? file.text.slice(start, start + length) : undefined,
        message: `${placeOf({ file: example.file, line })}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
      };
    });
  });
}

function statementFor(
  name: string,
  example: Example,
  exported: ReadonlyMap<string, readonly Exported[]>,
): string | undefined {
  const candidates = exported.get(name) ?? [];
  const chosen = candidates.find(({ file }) => file === example.file) ?? candidates[0];
  if (chosen === undefined) return STAGE[name];
  return `import { ${chosen.value ? '' : 'type '}${name} } from '${relative('test/house/examples', chosen.file)}';`;
}

/** Every exported name with the files that export it, the public face first. */
function exportsOf(program: ts.Program, top: string, sources: readonly string[]): Map<string, Exported[]> {
  const checker = program.getTypeChecker();
  const exported = new Map<string, Exported[]>();
  for (const path of [...sources].sort((a, b) => Number(b === 'src/index.ts') - Number(a === 'src/index.ts'))) {
    const file = program.getSourceFile(join(top, path));
    const symbol = file === undefined ? undefined : checker.getSymbolAtLocation(file);
    for (const member of symbol === undefined ? [] : checker.getExportsOfModule(symbol)) {
      const target = member.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(member) : member;
      const value = (target.flags & ts.SymbolFlags.Value) !== 0;
      exported.set(member.name, [...(exported.get(member.name) ?? []), { file: path, value }]);
    }
  }
  return exported;
}
