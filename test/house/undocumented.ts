import ts from 'typescript';

/** The names that an entry exports without a word of documentation. */
export function undocumentedExports(entry: string): string[] {
  const program = ts.createProgram([entry], {
    allowImportingTsExtensions: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
  });
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(entry);
  const symbol = file === undefined ? undefined : checker.getSymbolAtLocation(file);
  if (symbol === undefined) throw new Error(`${entry} exports nothing`);
  return checker
    .getExportsOfModule(symbol)
    .filter((member) => documentation(member, checker) === '')
    .map((member) => member.name);
}

function documentation(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const declared = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  return ts.displayPartsToString(declared.getDocumentationComment(checker)).trim();
}
