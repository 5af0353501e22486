import type { DdocFeature, FeatureCounts } from './count-features.ts';

/** How one and several of a feature are called, and what is to be said of them. */
const SENTENCES: Readonly<Record<DdocFeature, readonly [one: string, several: string, fate: string]>> = {
  updates: [
    'update function',
    'update functions',
    removed('edit documents in the application, and write them with PUT'),
  ],
  shows: ['show function', 'show functions', removed('read the document, and render it in the application')],
  lists: ['list function', 'list functions', removed('query the view, and render its rows in the application')],
  rewrites: ['rewrite rule', 'rewrite rules', removed('rewrite urls in a proxy in front of the server')],
  filters: ['filter function', 'filter functions', kept('a selector does the same without JavaScript')],
  reduce: [
    'custom reduce function',
    'custom reduce functions',
    kept('a built-in one such as _sum or _stats is faster where it will do'),
  ],
  validate_doc_update: ['validation function', 'validation functions', kept('it decides what can be written')],
};

/**
 * What stands in the way of CouchDB 4, in plain sentences, one for each feature that was found: what CouchDB has announced to remove
 * (https://docs.couchdb.org/en/stable/whatsnew/3.0.html#deprecated-feature-warnings), and what is to be tested with its newer
 * JavaScript engine.
 *
 * @param totals as `ddocFeatures` reports them, of a database or of all
 *
 * @example
 * ```ts
 * couch4Report({ shows: 2 });
 * // ['2 show functions will not work: CouchDB 4 has none of these; read the document, and render it in the application.']
 * ```
 */
export function couch4Report(totals: FeatureCounts): string[] {
  const features = Object.keys(SENTENCES) as DdocFeature[];
  return features.flatMap((feature) => {
    const count = totals[feature] ?? 0;
    const [one, several, fate] = SENTENCES[feature];
    return count === 0 ? [] : [`${count} ${count === 1 ? one : several} ${fate}.`];
  });
}

function removed(instead: string): string {
  return `will not work: CouchDB 4 has none of these; ${instead}`;
}

function kept(advice: string): string {
  return `should be tested: the JavaScript engine is another one; ${advice}`;
}
