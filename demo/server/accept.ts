/**
 * Whether an `Accept` header admits a content type; no header admits everything.
 *
 * @example
 * ```ts
 * acceptsType('multipart/*;q=0.5', 'multipart/mixed'); // true
 * ```
 */
export function acceptsType(header: string | undefined, type: string): boolean {
  if (header === undefined) return true;
  const names = [type, type.replace(/\/.*/, '/*'), '*/*'];
  const offered = header.split(',').map(readRange);
  // The most exact mention decides.
  const mention = names
    .map((name) => offered.find((range) => range.name === name))
    .find((range) => range !== undefined);
  return mention !== undefined && mention.quality > 0;
}

function readRange(text: string): { name: string; quality: number } {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith('q='));
  return { name, quality: quality === undefined ? 1 : Number(quality.slice('q='.length)) };
}
