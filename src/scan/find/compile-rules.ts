import { breather } from '../../core/breather.ts';
import { InputError } from '../../core/errors.ts';
import { excerpt } from '../../core/json-value.ts';
import { loadPart } from '../../core/load-part.ts';
import { platform } from '../../core/platform.ts';
import { CompiledRule, type CompilePattern } from './compiled-rule.ts';
import { nativeEngine } from './native.ts';
import type { Pattern, PatternEngine, PatternSource } from './pattern.ts';
import { relax } from './relax.ts';
import type { FindRule } from './rule.ts';
import { hasKeywords, type RuleGroup, RuleSearch } from './rule-search.ts';
import type { TaggedRules } from './tagged-rules.ts';

/**
 * Makes rules ready to run; the linear engine is loaded when one of them needs it.
 *
 * @param native whether JavaScript also runs the patterns that are given as text
 * @throws InputError that names the tag of a pattern which its engine does not take
 */
export async function compileRules(rules: TaggedRules, native: boolean): Promise<RuleSearch> {
  const isNative = (pattern: string | RegExp): boolean => native || pattern instanceof RegExp;
  const needsLinear = [...rules.values()].flatMap(patternsOf).some((pattern) => !isNative(pattern));
  const linearEngine = needsLinear ? (await loadPart(import('./linear.ts'))).linearEngine : nativeEngine;
  const engineOf = (pattern: string | RegExp): PatternEngine => (isNative(pattern) ? nativeEngine : linearEngine);
  // Rule files give the same patterns to many rules.
  const known = new Map<string, Pattern>();

  // Many take longer than a picture.
  const breathe = breather(platform());
  const compiled: CompiledRule[] = [];
  for (const [tag, rule] of rules) {
    const compile: CompilePattern = (pattern, flags) => {
      const engine = engineOf(pattern);
      const source = sourceOf(pattern, flags);
      const key = `${engine.syntax} ${source.flags} ${source.source}`;
      const made = known.get(key) ?? compilePattern(tag, engine, source);
      known.set(key, made);
      return made;
    };
    compiled.push(new CompiledRule(tag, rule, compile));
    await breathe();
  }
  const together = compiled.filter((rule) => !hasKeywords(rule));
  const groups: RuleGroup[] = [];
  for (const engine of new Set([nativeEngine, linearEngine])) {
    const its = together.filter(({ rule }) => engineOf(rule.pattern) === engine);
    if (its.length > 0) groups.push(groupOf(its, engine));
    await breathe();
  }
  return new RuleSearch(compiled, groups);
}

function groupOf(rules: readonly CompiledRule[], engine: PatternEngine): RuleGroup {
  const sources = rules.map(({ rule }) => sourceOf(rule.pattern, rule.flags));
  const relaxed = sources.flatMap((source) => relax(source, engine.syntax) ?? []);
  // Members are written in a way in which no document has them.
  const isSound = relaxed.length === sources.length && !rules.some(({ rule }) => rule.members);
  return { rules, matching: engine.set(sources), anywhere: isSound ? engine.set(relaxed) : undefined };
}

function compilePattern(tag: string, engine: PatternEngine, source: PatternSource): Pattern {
  try {
    return engine.pattern(source);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const advice = engine === nativeEngine ? '' : `; ${LINEAR_ADVICE}`;
    const message = `The pattern ${excerpt(source.source)} of the rule ${excerpt(tag)} cannot be used: ${why}${advice}`;
    throw new InputError(message, { cause: error });
  }
}

const LINEAR_ADVICE =
  'patterns given as text are in the syntax of RE2, which has no lookaround, no backreferences and no possessive quantifiers: ' +
  'write it without, or have JavaScript run it (native)';

function sourceOf(pattern: string | RegExp, flags = ''): PatternSource {
  if (typeof pattern === 'string') return { source: pattern, flags };
  // Without those that say where it goes on, with which it would miss every other match.
  return { source: pattern.source, flags: pattern.flags.replace(/[gy]/g, '') };
}

function patternsOf({ pattern, allow = [] }: FindRule): readonly (string | RegExp)[] {
  const allowed = allow.flatMap((one) =>
    typeof one === 'string' || one instanceof RegExp ? [one] : (one.patterns ?? []),
  );
  return [pattern, ...allowed];
}
