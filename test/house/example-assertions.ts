import ts from 'typescript';

/**
 * Makes an example prove what it says: in `expression; // literal`, and in `console.log(expression); // literal`, the
 * value must be that of the literal. Comments that are no literals say what they say.
 */
export function withAssertions(code: string): string {
  const file = ts.createSourceFile('example.ts', code, ts.ScriptTarget.Latest, true);
  const edits: { start: number; end: number; text: string }[] = [];
  visit(file);
  const proven = edits.reduceRight((text, { start, end, text: replacement }) => {
    return text.slice(0, start) + replacement + text.slice(end);
  }, code);
  return edits.length === 0 ? code : `import { deepStrictEqual as $equal } from 'node:assert';${proven}`;

  function visit(node: ts.Node): void {
    const literal = ts.isExpressionStatement(node) ? trailingLiteral(node) : undefined;
    if (literal !== undefined && ts.isExpressionStatement(node)) {
      const value = printed(node.expression) ?? node.expression;
      const [start, end] = [node.getStart(file), node.getEnd()];
      edits.push({ start, end, text: `$equal(${value.getText(file)}, ${literal});` });
      return;
    }
    ts.forEachChild(node, visit);
  }

  function trailingLiteral(node: ts.Node): string | undefined {
    const [comment] = ts.getTrailingCommentRanges(code, node.getEnd()) ?? [];
    if (comment?.kind !== ts.SyntaxKind.SingleLineCommentTrivia) return undefined;
    const text = code.slice(comment.pos + 2, comment.end).trim();
    return isLiteral(text) ? text : undefined;
  }
}

/** What `console.log(value)` prints. */
function printed(node: ts.Expression): ts.Expression | undefined {
  if (!ts.isCallExpression(node) || node.expression.getText() !== 'console.log') return undefined;
  return node.arguments.length === 1 ? node.arguments[0] : undefined;
}

/** Whether a text is a value that stands for itself: a number, a string, a list or an object of such. */
export function isLiteral(text: string): boolean {
  const wrapped = `(${text}\n);`;
  const { diagnostics = [] } = ts.transpileModule(wrapped, { reportDiagnostics: true });
  const [statement, more] = ts.createSourceFile('literal.ts', wrapped, ts.ScriptTarget.Latest, true).statements;
  if (diagnostics.length > 0 || statement === undefined || more !== undefined) return false;
  return ts.isExpressionStatement(statement) && isConstant(statement.expression);
}

function isConstant(node: ts.Node): boolean {
  if (ts.isParenthesizedExpression(node)) return isConstant(node.expression);
  if (ts.isPrefixUnaryExpression(node)) return ts.isNumericLiteral(node.operand);
  if (ts.isArrayLiteralExpression(node)) return node.elements.every(isConstant);
  if (ts.isObjectLiteralExpression(node)) {
    return node.properties.every((member) => ts.isPropertyAssignment(member) && isConstant(member.initializer));
  }
  if (ts.isIdentifier(node)) return node.text === 'undefined';
  const plain = [ts.SyntaxKind.TrueKeyword, ts.SyntaxKind.FalseKeyword, ts.SyntaxKind.NullKeyword];
  return ts.isNumericLiteral(node) || ts.isStringLiteralLike(node) || plain.includes(node.kind);
}
