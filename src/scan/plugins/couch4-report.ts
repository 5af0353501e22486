import type { DdocFeature, FeatureCounts } from './count-features.ts';

/** How one and several of a feature are called, and what is to be said of them. */
const SENTENCES: Readonly<
  Record<
    DdocFeature,
    { readonly one: string; readonly several: string; readonly fate: keyof typeof FATES; readonly advice: string }
  >
> = {
  updates: {
    one: 'update function',
    several: 'update functions',
    fate: 'removed',
    advice: 'edit documents in the application, and write them with PUT',
  },
  shows: {
    one: 'show function',
    several: 'show functions',
    fate: 'removed',
    advice: 'read the document, and render it in the application',
  },
  lists: {
    one: 'list function',
    several: 'list functions',
    fate: 'removed',
    advice: 'query the view, and render its rows in the application',
  },
  rewrites: {
    one: 'rewrite rule',
    several: 'rewrite rules',
    fate: 'removed',
    advice: 'rewrite urls in a proxy in front of the server',
  },
  filters: {
    one: 'filter function',
    several: 'filter functions',
    fate: 'kept',
    advice: 'a selector does the same without JavaScript',
  },
  reduce: {
    one: 'custom reduce function',
    several: 'custom reduce functions',
    fate: 'kept',
    advice: 'a built-in one such as _sum or _stats is faster where it will do',
  },
  validate_doc_update: {
    one: 'validation function',
    several: 'validation functions',
    fate: 'kept',
    advice: 'it decides what can be written',
  },
};

const FATES = {
  removed: 'will not work: CouchDB 4 has none of these',
  kept: 'should be tested: the JavaScript engine is another one',
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
    const { one, several, fate, advice } = SENTENCES[feature];
    return count === 0 ? [] : [`${count} ${count === 1 ? one : several} ${FATES[fate]}; ${advice}.`];
  });
}
