import { distinctUntilChanged, fromEvent, map, type Observable, startWith } from 'rxjs';

/** The id of the note that the address of the page names, as `#note=note-07` does; undefined where it names none. */
export const chosen$: Observable<string | undefined> = fromEvent(globalThis, 'hashchange').pipe(
  startWith(undefined),
  map(() => new URLSearchParams(location.hash.slice(1)).get('note') ?? undefined),
  distinctUntilChanged(),
);

/** What a link to a note points to. */
export function addressOf(id: string): string {
  return `#${new URLSearchParams({ note: id })}`;
}
