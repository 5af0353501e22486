import { InputError } from '../../core/errors.ts';
import { excerpt } from '../../core/json-value.ts';
import type { FindRule } from './rule.ts';

/**
 * A rule as it is written, once it is known to be one.
 *
 * @throws InputError that names the tag
 */
export function checkRule(tag: string, rule: unknown): FindRule {
  if (tag === '') throw new InputError('A rule has no tag; name what it finds');
  const wrong = (what: string) => new InputError(`The rule ${excerpt(tag)} ${what}`);
  if (typeof rule === 'string' || rule instanceof RegExp) return { pattern: rule };
  if (typeof rule !== 'object' || rule === null) throw wrong('must be a pattern, or an object with a pattern');
  for (const [name, value] of Object.entries(rule)) {
    const kind = Object.hasOwn(MEMBERS, name) ? MEMBERS[name] : undefined;
    if (kind === undefined) {
      throw wrong(`has a member ${excerpt(name)}, which means nothing; there are ${Object.keys(MEMBERS).join(', ')}`);
    }
    if (value !== undefined && !kind.fits(value)) throw wrong(`has a member "${name}" that is not ${kind.what}`);
  }
  if (!('pattern' in rule) || rule.pattern === undefined) throw wrong('has no pattern');
  for (const one of 'allow' in rule && Array.isArray(rule.allow) ? rule.allow : []) checkAllow(one, wrong);
  // What `MEMBERS` and the checks below it have made sure of.
  const checked = rule as FindRule;
  const { flags = '', pattern } = checked;
  if (pattern instanceof RegExp && flags !== '') throw wrong('has flags besides those of its RegExp');
  if (!/^(?!.*(.).*\1)[ims]*$/.test(flags)) {
    throw wrong(`has the flags ${excerpt(flags)}; there are i, m and s, each once`);
  }
  return checked;
}

interface Kind {
  readonly what: string;
  fits(value: unknown): boolean;
}

const TEXT: Kind = { what: 'a text', fits: (value) => typeof value === 'string' };
const TEXTS: Kind = {
  what: 'a list of texts, none of them empty',
  fits: (value) => Array.isArray(value) && value.every((one) => typeof one === 'string' && one !== ''),
};
const YES_OR_NO: Kind = { what: 'true or false', fits: (value) => typeof value === 'boolean' };
const PATTERN: Kind = { what: 'a pattern', fits: isPattern };

const MEMBERS: Readonly<Record<string, Kind>> = {
  pattern: PATTERN,
  flags: TEXT,
  description: TEXT,
  severity: TEXT,
  keywords: TEXTS,
  members: YES_OR_NO,
  secretGroup: { what: 'the number of a group', fits: (value) => Number.isInteger(value) && Number(value) >= 0 },
  entropy: { what: 'a number of bits', fits: (value) => Number.isFinite(value) && Number(value) >= 0 },
  allow: { what: 'a list', fits: Array.isArray },
};

const ALLOW_MEMBERS: Readonly<Record<string, Kind>> = {
  patterns: { what: 'a list of patterns', fits: (value) => Array.isArray(value) && value.every(isPattern) },
  stopwords: TEXTS,
  of: { what: '"secret", "match" or "line"', fits: (value) => ['secret', 'match', 'line'].includes(String(value)) },
  both: YES_OR_NO,
};

function checkAllow(allow: unknown, wrong: (what: string) => InputError): void {
  if (isPattern(allow)) return;
  if (typeof allow !== 'object' || allow === null) throw wrong('allows what is neither a pattern nor an object');
  for (const [name, value] of Object.entries(allow)) {
    const kind = Object.hasOwn(ALLOW_MEMBERS, name) ? ALLOW_MEMBERS[name] : undefined;
    if (kind === undefined) {
      throw wrong(
        `has a member ${excerpt(name)} in "allow", which means nothing; there are ${Object.keys(ALLOW_MEMBERS).join(', ')}`,
      );
    }
    if (value !== undefined && !kind.fits(value))
      throw wrong(`has a member "${name}" in "allow" that is not ${kind.what}`);
  }
}

function isPattern(value: unknown): value is string | RegExp {
  return typeof value === 'string' || value instanceof RegExp;
}
