import ts from 'typescript';

/** One module that a file names, and where. */
export interface Import {
  readonly specifier: string;
  /** From 1. */
  readonly line: number;
}

/** What a source file says to other files. */
export interface ParsedFile {
  /** Every import: static and dynamic, of values and of types, and every `export … from`. */
  readonly imports: readonly Import[];
  /** Whether the file only passes on what other files export. */
  readonly barrel: boolean;
  readonly lines: number;
}

/** Reads a source file as the compiler does. */
export function parseFile(path: string, text: string): ParsedFile {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  visit(file);
  const passesOn = file.statements.some(ts.isExportDeclaration);
  const barrel =
    passesOn && file.statements.every((node) => ts.isExportDeclaration(node) || ts.isImportDeclaration(node));
  return { imports, barrel, lines: countLines(text) };

  function visit(node: ts.Node): void {
    const specifier = specifierOf(node);
    if (specifier !== undefined) {
      imports.push({
        specifier: specifier.text,
        line: file.getLineAndCharacterOfPosition(specifier.getStart(file)).line + 1,
      });
    }
    ts.forEachChild(node, visit);
  }
}

function specifierOf(node: ts.Node): ts.StringLiteralLike | undefined {
  const expression = specifierExpression(node);
  return expression !== undefined && ts.isStringLiteralLike(expression) ? expression : undefined;
}

function specifierExpression(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return node.argument.literal;
  if (ts.isExternalModuleReference(node)) return node.expression;
  if (!ts.isCallExpression(node)) return undefined;
  const callee = node.expression;
  const loads = callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require');
  return loads ? node.arguments[0] : undefined;
}

function countLines(text: string): number {
  return text === '' ? 0 : text.trimEnd().split('\n').length;
}
