/**
 * The way from one revision back to its oldest known ancestor, as `_revisions` of a document gives it: `ids` newest
 * first, `ids[i]` of generation `start - i`. A path that was cut (stemmed) has `start > ids.length`.
 */
export interface RevisionPath {
  readonly start: number;
  readonly ids: readonly string[];
}
