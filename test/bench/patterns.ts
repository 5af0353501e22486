/** Twenty patterns as people give them: without keywords, some for any case. */
const PATTERNS = [
  ...['AKIA[0-9A-Z]{16}', 'gh[opsru]_[A-Za-z0-9]{36}', 'xox[abprs]-[0-9A-Za-z-]{10,48}', 'sk_live_[0-9a-zA-Z]{24}'],
  ...['AIza[\\w-]{35}', '-----BEGIN (?:[A-Z ]+ )?PRIVATE KEY-----', 'eyJ[\\w-]{10,}\\.eyJ[\\w-]{10,}\\.[\\w-]{10,}'],
  ...[
    '(?i)[a-z][a-z0-9+.-]*://[^/\\s:@]+:[^/\\s:@]+@',
    '(?i)(?:password|passwd|pwd|secret)\\s*[:=]\\s*["\']?[^\\s"\']{8,}',
  ],
  ...[
    '-pbkdf2-[0-9a-f]{40},[0-9a-f]{32},[0-9]+',
    'npm_[A-Za-z0-9]{36}',
    'SG\\.[\\w-]{22}\\.[\\w-]{43}',
    'AC[0-9a-f]{32}',
  ],
  ...['glpat-[0-9A-Za-z_-]{20}', 'shpat_[a-fA-F0-9]{32}', 'dop_v1_[a-f0-9]{64}', 'key-[0-9a-zA-Z]{32}'],
  ...['sq0[a-z]{3}-[0-9A-Za-z_-]{22,43}', '(?i)bearer\\s+[a-z0-9._-]{20,}', 'ya29\\.[\\w-]{20,}'],
];

/** By tags. */
export function textPatterns(): Record<string, string> {
  return Object.fromEntries(PATTERNS.map((pattern, index) => [`tag${index}`, pattern]));
}

/** The same for JavaScript's own engine. */
export function nativePatterns(): Record<string, RegExp> {
  return Object.fromEntries(Object.entries(textPatterns()).map(([tag, pattern]) => [tag, native(pattern)]));
}

function native(pattern: string): RegExp {
  return pattern.startsWith('(?i)') ? new RegExp(pattern.slice(4), 'i') : new RegExp(pattern);
}
