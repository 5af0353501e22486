import { isJsonObject, type JsonObject } from '../../core/json-value.ts';

/** What of a design document is counted. */
export type DdocFeature = 'updates' | 'shows' | 'lists' | 'rewrites' | 'filters' | 'reduce' | 'validate_doc_update';

/** How many there are of each; those of which there are none are left out. */
export type FeatureCounts = Readonly<Partial<Record<DdocFeature, number>>>;

const COUNTERS: Readonly<Record<DdocFeature, (body: JsonObject) => number>> = {
  updates: ({ updates }) => membersOf(updates),
  shows: ({ shows }) => membersOf(shows),
  lists: ({ lists }) => membersOf(lists),
  rewrites: ({ rewrites }) => (Array.isArray(rewrites) ? rewrites.length : isText(rewrites)),
  filters: ({ filters }) => membersOf(filters),
  reduce: ({ views }) => customReduces(views),
  validate_doc_update: ({ validate_doc_update }) => isText(validate_doc_update),
};

/** All features, in no particular order. */
export const FEATURES = /* @__PURE__ */ Object.keys(COUNTERS) as readonly DdocFeature[];

/**
 * Counts the features of a design document. CouchDB's own, whose names begin with an underscore, and those in another language than
 * JavaScript have none.
 *
 * @param body without the members that CouchDB reserves
 */
export function countFeatures(id: string, body: JsonObject, features: readonly DdocFeature[]): FeatureCounts {
  if (id.startsWith('_design/_') || (body['language'] ?? 'javascript') !== 'javascript') return {};
  const counts = features.map((feature) => [feature, COUNTERS[feature](body)] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

/** Counts of two things together. */
export function addCounts(a: FeatureCounts, b: FeatureCounts): FeatureCounts {
  const sum: Partial<Record<DdocFeature, number>> = { ...a };
  for (const feature of FEATURES) {
    const more = b[feature];
    if (more !== undefined) sum[feature] = (sum[feature] ?? 0) + more;
  }
  return sum;
}

function membersOf(value: unknown): number {
  return isJsonObject(value) ? Object.keys(value).length : 0;
}

function isText(value: unknown): number {
  return typeof value === 'string' ? 1 : 0;
}

/** Reduce functions but for those that are built in, which begin with an underscore; `lib` is no view, but what views share. */
function customReduces(views: unknown): number {
  if (!isJsonObject(views)) return 0;
  const own = Object.entries(views).filter(([name, view]) => {
    const reduce = isJsonObject(view) ? view['reduce'] : undefined;
    return name !== 'lib' && typeof reduce === 'string' && !reduce.startsWith('_');
  });
  return own.length;
}
