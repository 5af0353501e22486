import { expect, test } from 'vitest';
import { checkExamples } from '../house/example-names.ts';

const given = `
  const kitchen = defineService('kitchen', {
    cook: series<[dish: string], string>(),
    cookNow: series<[dish: string], string>({ sync: true }),
    cleanNow: series<[]>({ sync: true }),
    ring: background<[times: number]>(),
    season: pipe<string, [guests: number]>(),
    choose: decide<[dish: string], string>(),
    isHot: anyOf<[dish: string]>(),
    note: series<[dish: string, by?: string], string>(),
  });
  const rules = defineData<string, { pattern: string }>('rules');
  const ovens = defineParts<[kitchen: string]>('ovens');
  const registry = createRegistry();
`;

/** What the compiler says of code that is written against the public types. */
function problemsOf(codes: readonly string[]): readonly string[][] {
  const files = codes.map((code, i) => ({ file: `case-${i}.ts`, line: 1, language: 'ts', code: `${given}${code}` }));
  const { problems } = checkExamples(process.cwd(), ['src/index.ts'], files);
  return codes.map((_, i) => problems.filter((problem) => problem.startsWith(`case-${i}.ts:`)));
}

const fits = [
  `const answers: { plugin: string; value: string }[] = await registry.call(kitchen.cook, ['corn'], { concurrent: true });`,
  `const outcomes = await registry.call(kitchen.cook, ['corn'], { onError: 'collect' });
   for (const outcome of outcomes) outcome.ok ? outcome.value.trim() : outcome.error.plugin.trim();`,
  `const now: string | undefined = registry.call(kitchen.cookNow, ['corn'])[0]?.value;`,
  `const nothing: undefined = registry.call(kitchen.ring, [1], { waitUntil: (promise: Promise<void>) => {} });`,
  `const dish: string = await registry.call(kitchen.season, ['soup', 4], { onError: 'skip' });`,
  `const verdict = await registry.call(kitchen.choose, ['corn']); if (verdict.decided) verdict.value.trim();`,
  `const chosen: string | null = await registry.call(kitchen.choose, ['corn'], { otherwise: null });`,
  `const isHot: boolean = await registry.call(kitchen.isHot, ['corn']);`,
  `registry.provide(kitchen, { cook: (dish, { signal }) => signal.aborted ? '' : dish.trim(), cleanNow() {}, dispose() {} });`,
  `registry.provide(kitchen, { choose: async (dish) => dish === '' ? noDecision : decided(dish), isHot: () => true });`,
  `registry.provide(kitchen, { note: (dish, by, context) => dish + (by ?? '') + context.depth });`,
  `const pattern: string | undefined = registry.view(rules).value('a', 'b')?.pattern;`,
  `registry.contribute(rules, constant({ a: { pattern: '' } }));`,
  `registry.contribute(rules, poll(async () => [['a', { pattern: '' }]], 1000));`,
  `registry.part(ovens, 'grill', (kitchen) => { kitchen.trim(); }); void registry.start(ovens, ['cellar']);`,
  `const plugin: Plugin = { name: 'a', setup(registry) { registry.provide(kitchen, {}); } };`,
];

const misfits: readonly (readonly [string, string])[] = [
  ['arguments of another type', `registry.call(kitchen.cook, [1]);`],
  ['missing arguments', `registry.call(kitchen.season, ['soup']);`],
  ['missing optional arguments, behind which the context stands', `registry.call(kitchen.note, ['soup']);`],
  ['a concurrent call of a pipe', `registry.call(kitchen.season, ['soup', 4], { concurrent: true });`],
  ['failures collected by a pipe', `registry.call(kitchen.season, ['soup', 4], { onError: 'collect' });`],
  ['failures collected by a vote', `registry.call(kitchen.isHot, ['corn'], { onError: 'collect' });`],
  ['an error policy in the background', `registry.call(kitchen.ring, [1], { onError: 'skip' });`],
  ['a default where nothing is decided', `registry.call(kitchen.cook, ['corn'], { otherwise: '' });`],
  ['a provider with other arguments', `registry.provide(kitchen, { cook: (dish: number) => '' });`],
  ['a provider with another answer', `registry.provide(kitchen, { cook: () => 1 });`],
  ['a provider of a hook that is not there', `registry.provide(kitchen, { bake: () => '' });`],
  ['a promise from a synchronous hook', `registry.provide(kitchen, { cookNow: async () => '' });`],
  ['a promise from a synchronous hook without an answer', `registry.provide(kitchen, { cleanNow: async () => {} });`],
  ['a decision without decided', `registry.provide(kitchen, { choose: () => 'grill' });`],
  ['a vote that is no boolean', `registry.provide(kitchen, { isHot: () => 1 });`],
  ['an answer taken for another type', `const answer: number = await registry.call(kitchen.season, ['soup', 4]);`],
  ['a promise taken for an answer', `const answer: string = registry.call(kitchen.season, ['soup', 4]);`],
  ['data of another type', `registry.contribute(rules, constant({ a: 1 }));`],
  ['a key of another type', `registry.view(rules).values(1);`],
  ['a part that begins with something else', `registry.part(ovens, 'grill', (kitchen: number) => {});`],
  ['a start without what parts begin with', `registry.start(ovens, []);`],
  ['a setup that is async', `registry.use({ name: 'a', async setup() {} });`],
  ['a hook by a name that is taken', `defineService('a', { dispose: series<[]>() });`],
];

test('the types let through what is right, and nothing else', () => {
  const problems = problemsOf([...fits, ...misfits.map(([, code]) => code)]);
  expect(problems.slice(0, fits.length)).toEqual(fits.map(() => []));
  const silent = misfits.filter((_, i) => (problems[fits.length + i] ?? []).length === 0).map(([what]) => what);
  expect(silent).toEqual([]);
  // Each is refused for what it says, not for a name that the compiler does not know.
  expect(problems.flat().filter((problem) => problem.includes('Cannot find'))).toEqual([]);
});
