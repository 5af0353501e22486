/**
 * How many bits a character of a text is worth by how often each occurs in it (C. Shannon, A Mathematical Theory of Communication,
 * 1948): 0 for a text of one character only, at most 6 for base64.
 *
 * @example
 * ```ts
 * entropyOf('aabb'); // 1
 * ```
 */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  let length = 0;
  for (const character of text) {
    counts.set(character, (counts.get(character) ?? 0) + 1);
    length += 1;
  }
  let bits = 0;
  for (const count of counts.values()) bits -= (count / length) * Math.log2(count / length);
  return bits;
}
